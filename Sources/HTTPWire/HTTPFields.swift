/// Header fields in the order they came; names compare without case (RFC 9110 §5.1).
///
/// All text lies in one buffer, so a parsed head costs two allocations, and strings are made for those fields that
/// somebody reads.
public struct HTTPFields: Sendable {
    private var text: [UInt8]
    private var entries: [Entry]
    /// The text is that of the header lines, in order and with nothing between them.
    private var isLines: Bool
    /// So many fields at the front were looked at by `requireWritable`.
    private var checked = 0

    /// Where one field lies in the text. 32 bits suffice: heads are bounded far below.
    struct Entry: Sendable {
        var nameStart: Int32
        var nameCount: Int32
        var valueStart: Int32
        var valueCount: Int32

        init(name: Range<Int>, value: Range<Int>) {
            nameStart = Int32(name.lowerBound)
            nameCount = Int32(name.count)
            valueStart = Int32(value.lowerBound)
            valueCount = Int32(value.count)
        }

        var name: Range<Int> { Int(nameStart)..<Int(nameStart + nameCount) }
        var value: Range<Int> { Int(valueStart)..<Int(valueStart + valueCount) }
    }

    /// No fields.
    public init() {
        text = []
        entries = []
        isLines = true
    }

    /// No fields, with room for so many whose names and values have so many bytes.
    public init(reserving fields: Int, bytes: Int) {
        self.init()
        entries.reserveCapacity(fields)
        text.reserveCapacity(bytes + fields * HTTPFields.lineBytesBesideText)
    }

    /// These fields, checked already, with room for so many more whose names and values have so many bytes: for what
    /// many responses have in common.
    public init(_ common: HTTPFields, reserving fields: Int, bytes: Int) {
        self.init(reserving: common.entries.count + fields, bytes: common.text.count + bytes)
        append(common)
    }

    /// Fields that a parser found in `text`.
    init(text: [UInt8], entries: [Entry]) {
        self.text = text
        self.entries = entries
        isLines = false
    }

    /// Adds a field behind the others; the same name may stand several times.
    public mutating func append(_ name: String, _ value: String) {
        entries.append(store(name) { $0.append(contentsOf: value.utf8) })
    }

    /// Adds a field behind the others whose value, of at most `count` bytes, `body` appends.
    public mutating func append(_ name: String, atMost count: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
        entries.append(store(name) { $0.append(addingCapacity: count, initializingWith: body) })
    }

    /// Adds all of these behind the others.
    public mutating func append(_ others: HTTPFields) {
        if checked == entries.count { checked += others.checked }
        let offset = Int32(text.count)
        text.append(contentsOf: others.text)
        isLines = isLines && others.isLines
        for var entry in others.entries {
            entry.nameStart += offset
            entry.valueStart += offset
            entries.append(entry)
        }
    }

    /// Gives the field this one value: replaces the first one with this name, takes further ones away.
    public mutating func set(_ name: String, _ value: String) {
        guard let first = entries.firstIndex(where: { matches($0, name) }) else { return append(name, value) }
        (isLines, checked) = (false, 0)
        entries[first] = store(name) { $0.append(contentsOf: value.utf8) }
        let others = entries[(first + 1)...].filter { !matches($0, name) }
        entries.replaceSubrange((first + 1)..., with: others)
    }

    /// Takes all fields with this name away.
    public mutating func remove(_ name: String) {
        guard contains(name) else { return }
        (isLines, checked) = (false, 0)
        entries = entries.filter { !matches($0, name) }
    }

    /// The value of the first field with this name.
    public subscript(_ name: String) -> String? {
        for entry in entries where matches(entry, name) { return string(entry.value) }
        return nil
    }

    /// The values of all fields with this name, in order.
    public func values(of name: String) -> [String] {
        entries.filter { matches($0, name) }.map { string($0.value) }
    }

    /// Whether there is one field with this name and no other, and its value is this, byte for byte.
    public func has(only name: String, _ value: StaticString) -> Bool {
        var found: Entry?
        for entry in entries where matches(entry, name) {
            guard found == nil else { return false }
            found = entry
        }
        return found.map { text.span.extracting($0.value).matches(value) } ?? false
    }

    /// Whether there is a field with this name.
    public func contains(_ name: String) -> Bool {
        entries.contains { matches($0, name) }
    }

    /// Calls `body` with the value of the first field with this name; nil when there is none.
    public func withValue<Result>(of name: String, _ body: (Span<UInt8>) -> Result) -> Result? {
        for entry in entries where matches(entry, name) { return body(text.span.extracting(entry.value)) }
        return nil
    }

    /// The colon and the blank behind a name, and the end of the line.
    private static let lineBytesBesideText = 4

    private mutating func store(_ name: String, _ appendValue: (inout [UInt8]) -> Void) -> Entry {
        let start = text.count
        text.append(contentsOf: name.utf8)
        let nameEnd = text.count
        text.append(": ")
        let valueStart = text.count
        appendValue(&text)
        let valueEnd = text.count
        text.append("\r\n")
        return Entry(name: start..<nameEnd, value: valueStart..<valueEnd)
    }

    private func string(_ range: Range<Int>) -> String {
        text.span.extracting(range).text()
    }

    private func matches(_ entry: Entry, _ name: String) -> Bool {
        guard Int(entry.nameCount) == name.utf8.count else { return false }
        let given = text.span.extracting(entry.name)
        // Only a bridged string, which Linux has not, has no storage to lend.
        return name.utf8.withContiguousStorageIfAvailable { name in
            for index in 0..<name.count where ASCII.lowercased(name[index]) != ASCII.lowercased(given[index]) {
                return false
            }
            return true
        } ?? false
    }
}

extension HTTPFields: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }

    /// The number of fields.
    public var endIndex: Int { entries.count }

    /// The field at a position, name as sent.
    public subscript(position: Int) -> (name: String, value: String) {
        (string(entries[position].name), string(entries[position].value))
    }
}

extension HTTPFields: Equatable {
    /// Same fields in the same order; names without case, values byte for byte.
    public static func == (left: HTTPFields, right: HTTPFields) -> Bool {
        guard left.entries.count == right.entries.count else { return false }
        for (one, other) in zip(left.entries, right.entries) {
            let name = left.text[one.name]
            let otherName = right.text[other.name]
            guard left.text[one.value] == right.text[other.value],
                name == otherName || name.map(ASCII.lowercased) == otherName.map(ASCII.lowercased)
            else { return false }
        }
        return true
    }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    /// Fields in the order they are written.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { append(name, value) }
    }
}

extension HTTPFields: CustomStringConvertible {
    /// The fields as lines, for messages of tests.
    public var description: String {
        map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    }
}

extension HTTPFields {
    /// Appends all fields as header lines, which `requireWritable` has let pass.
    func appendLines(to output: inout [UInt8]) {
        let bytes = text.span
        guard !isLines else { return output.append(bytes) }
        for entry in entries {
            output.append(bytes.extracting(entry.name))
            output.append(": ")
            output.append(bytes.extracting(entry.value))
            output.append("\r\n")
        }
    }

    /// Appends a field value and traps on a control character other than a tab.
    static func appendChecked(_ value: Span<UInt8>, to output: inout [UInt8]) {
        check(value)
        output.append(value)
    }

    private static func check(_ value: Span<UInt8>) {
        var position = 0
        while true {
            position = value.firstControl(from: position, to: value.count)
            if position == value.count { break }
            precondition(value[position] == ASCII.tab, "control character in a field value: \(value.text())")
            position += 1
        }
    }

    /// Traps on a name that is no token and on a value with CR, LF, NUL or another control character: such a field would
    /// let its text forge a message, and only our own code can have put it here. Traps as well on a field that the writer
    /// is in charge of: two framings would contradict each other.
    func requireWritable() {
        let bytes = text.span
        for entry in entries[checked...] {
            let name = bytes.extracting(entry.name)
            precondition(name.count > 0 && name.allIn(.token), "field name is no token: \(name.text())")
            HTTPFields.check(bytes.extracting(entry.value))
            let reserved =
                switch name.count {
                case 4: name.matchesIgnoringCase("date") || name.matchesIgnoringCase("host")
                case 10: name.matchesIgnoringCase("connection")
                case 14: name.matchesIgnoringCase("content-length")
                case 17: name.matchesIgnoringCase("transfer-encoding")
                default: false
                }
            precondition(!reserved, "\(name.text()) is set by the writer, not by its caller")
        }
    }

    /// These fields, looked at once: they are not looked at again wherever they are appended to none or to such.
    public func checkedOnce() -> HTTPFields {
        requireWritable()
        var fields = self
        fields.checked = entries.count
        return fields
    }
}

internal import BeatCore
internal import JSON

/// Reads one check of a document and collects everything that is wrong with it.
struct CheckReader {
    /// The largest process id of Linux (proc(5), `pid_max`).
    private static let pidMax = 4_194_304
    /// A program with more arguments is a script that should have a file of its own.
    private static let argumentsMax = 64
    /// Bytes of all arguments together, for the same reason.
    private static let argumentBytesMax = 4096
    /// Below it no program renews anything on time.
    private static let ttlMin = Duration.milliseconds(100)

    private let pointer: String
    private var items: [Problem.Item] = []
    private var targets: [CheckField] = []
    private var target: Check.Target?
    private var expect: ClosedRange<UInt16>?
    private var every: Duration?
    private var timeout: Duration?
    private var fall: Int?
    private var rise: Int?
    private var grace: Duration?
    private var given: Set<CheckField> = []

    /// The checks in a list, at most `Limits.checksPerRegistration`; what is wrong goes to `items`.
    static func read(_ value: JSONValue, _ pointer: String, into items: inout [Problem.Item]) -> [Check] {
        guard case .array(let values) = value else {
            items.append(.init(pointer: pointer, "must be a list, got \(value.typeName)"))
            return []
        }
        guard values.count <= Limits.checksPerRegistration else {
            items.append(
                .init(
                    pointer: pointer, "must have at most \(Limits.checksPerRegistration) checks, got \(values.count)"))
            return []
        }
        var checks: [Check] = []
        for (index, value) in values.enumerated() {
            var reader = CheckReader(pointer: "\(pointer)/\(index)")
            if let check = reader.read(value) { checks.append(check) }
            items += reader.items
        }
        return checks
    }

    private init(pointer: String) { self.pointer = pointer }

    private mutating func read(_ value: JSONValue) -> Check? {
        guard case .object(let object) = value else {
            fault(nil, "must be an object such as {\"tcp\":\"127.0.0.1:8080\"}, got \(value.typeName)")
            return nil
        }
        for member in object.members {
            guard let field = CheckField(rawValue: member.key) else {
                items.append(.unknownField(member.key, in: pointer, among: CheckField.names))
                continue
            }
            given.insert(field)
            do throws(ValueFault) { try read(field, member.value) } catch { fault(field, error.text) }
        }
        return finish()
    }

    private mutating func read(_ field: CheckField, _ value: JSONValue) throws(ValueFault) {
        if CheckField.targets.contains(field) { targets.append(field) }
        switch field {
        case .http: target = .http(try CheckReader.url(value), expect: CheckDefaults.expect)
        case .tcp: target = .tcp(try CheckReader.address(value))
        case .pid: target = .pid(Int32(try ValueReading.integer(value, 1...CheckReader.pidMax)))
        case .ttl: target = .ttl(try ValueReading.duration(value, CheckReader.ttlMin...Limits.checkTTLMax))
        case .exec: target = .exec(try CheckReader.command(value))
        case .expect: expect = try CheckReader.expectation(value)
        case .every:
            every = try ValueReading.duration(value, Limits.checkEveryMin...Limits.checkEveryMax)
        case .timeout:
            timeout = try ValueReading.duration(value, Limits.checkTimeoutMin...Limits.checkTimeoutMax)
        case .fall: fall = try ValueReading.integer(value, 1...Limits.checkRowMax)
        case .rise: rise = try ValueReading.integer(value, 1...Limits.checkRowMax)
        case .grace: grace = try ValueReading.duration(value, .zero...Limits.checkGraceMax)
        }
    }

    private mutating func finish() -> Check? {
        let names = CheckField.targets.map(\.rawValue).joined(separator: ", ")
        guard let first = targets.first else {
            fault(nil, "must say what is looked at: one of \(names)")
            return nil
        }
        for other in targets.dropFirst() {
            fault(other, "stands beside \(first.rawValue); a check has one of \(names)")
        }
        if let expect {
            if case .http(let url, _) = target { target = .http(url, expect: expect) }
            if !targets.contains(.http) { fault(.expect, "belongs to an http check only") }
        }
        if targets.contains(.ttl) {
            for field in [CheckField.every, .timeout, .fall, .grace] where given.contains(field) {
                fault(field, "has no meaning for a ttl check, which is not run; leave it out")
            }
        }
        let every = every ?? CheckDefaults.every
        let timeout = timeout ?? min(CheckDefaults.timeout, every)
        if timeout > every {
            fault(
                given.contains(.timeout) ? .timeout : .every,
                "a run may not take longer than \(DurationText.text(every)), the time from one to the next")
        }
        guard items.isEmpty, let target else { return nil }
        return Check(
            target, every: every, timeout: timeout, fall: UInt16(fall ?? Int(CheckDefaults.fall)),
            rise: UInt16(rise ?? Int(CheckDefaults.rise)), grace: grace ?? CheckDefaults.grace)
    }

    private mutating func fault(_ field: CheckField?, _ detail: String) {
        items.append(.init(pointer: pointer + (field.map { Pointer.to($0.rawValue) } ?? ""), detail))
    }

    // MARK: one target

    private static func url(_ value: JSONValue) throws(ValueFault) -> CheckURL {
        let text = try ValueReading.string(value)
        if let url = CheckURL(parsing: text) { return url }
        let tls = text.lowercased().hasPrefix("https:") ? "; https is not checked, use tcp or exec" : ""
        throw ValueFault("must be a URL such as http://127.0.0.1:8080/health, got \(NameRules.quoted(text))\(tls)")
    }

    private static func address(_ value: JSONValue) throws(ValueFault) -> CheckAddress {
        let text = try ValueReading.string(value)
        if let address = CheckAddress(parsing: text) { return address }
        throw ValueFault("must be host:port, such as 127.0.0.1:8080, got \(NameRules.quoted(text))")
    }

    /// `200-299`, or one status.
    private static func expectation(_ value: JSONValue) throws(ValueFault) -> ClosedRange<UInt16> {
        let text: String
        if case .integer(let number) = value { text = "\(number)" } else { text = try ValueReading.string(value) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        if let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2, first >= 100, last <= 599,
            first <= last
        {
            return first...last
        }
        throw ValueFault("must be a status or a range of them, such as \"200-299\", got \(NameRules.quoted(text))")
    }

    private static func command(_ value: JSONValue) throws(ValueFault) -> [String] {
        guard case .array(let values) = value, (1...argumentsMax).contains(values.count) else {
            throw ValueFault("must be a list of 1…\(argumentsMax) strings: a program and its arguments")
        }
        var command: [String] = []
        for value in values { command.append(try ValueReading.string(value)) }
        guard command[0].hasPrefix("/"), command[0] != "/" else {
            throw ValueFault("must begin with the absolute path of a program, got \(NameRules.quoted(command[0]))")
        }
        let bytes = command.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= argumentBytesMax, !command.contains(where: { $0.utf8.contains(0) }) else {
            throw ValueFault("may have \(argumentBytesMax) bytes together and no NUL, got \(bytes)")
        }
        return command
    }
}

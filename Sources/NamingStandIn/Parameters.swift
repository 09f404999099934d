import HTTPWire

/// The parameters of a request as Tomcat reads them: query before form body, the first of a repeated name counts, a
/// wrong escape drops its parameter (nacos.md §2.1).
struct Parameters {
    private var pairs: [(name: String, value: String)] = []
    /// How many of them stood in the query.
    private var queryCount = 0

    private let keepsBadEscapes: Bool

    /// `keepsBadEscapes`: a wrong escape stays as text, as r-nacos has it.
    init(_ request: HTTPRequest, readsBody: Bool, keepsBadEscapes: Bool = false) {
        self.keepsBadEscapes = keepsBadEscapes
        if let query = request.target.query { append(Array(query.utf8)[...], isQuery: true) }
        guard readsBody, !request.body.isEmpty else { return }
        let type = request.fields["Content-Type"]?.lowercased() ?? "application/x-www-form-urlencoded"
        if type.hasPrefix("application/x-www-form-urlencoded") { append(request.body[...], isQuery: false) }
    }

    /// The first value of that name, as sent.
    subscript(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// The first value of that name without blanks around it; nil when there is none or it is empty.
    func value(_ name: String) -> String? {
        guard let value = self[name].map(Parameters.trimmed), !value.isEmpty else { return nil }
        return value
    }

    /// actix reads a query into fields and refuses one that comes again.
    func refuseRepeated() throws(Refusal) {
        for names in [pairs.prefix(queryCount), pairs.dropFirst(queryCount)] {
            var seen: Set<String> = []
            for pair in names where !seen.insert(pair.name).inserted {
                throw .query("duplicate field `\(pair.name)`")
            }
        }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, isQuery: Bool) {
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = decodedHere(pair[..<equals]), let value = decodedHere(pair[equals...].dropFirst()) else {
                continue
            }
            pairs.append((name, value))
        }
        if isQuery { queryCount = pairs.count }
    }

    private func decodedHere(_ bytes: ArraySlice<UInt8>) -> String? {
        Parameters.decoded(bytes) ?? (keepsBadEscapes ? String(decoding: bytes, as: UTF8.self) : nil)
    }

    /// Form decoding; nil when an escape is wrong.
    static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"): out.append(0x20)
            case UInt8(ascii: "%"):
                guard index + 2 < bytes.endIndex, let high = hexadecimalDigit(bytes[index + 1]),
                    let low = hexadecimalDigit(bytes[index + 2])
                else { return nil }
                out.append(high << 4 | low)
                index += 2
            case let byte: out.append(byte)
            }
            index += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Without the blanks and control characters around it, as Java trims.
    static func trimmed(_ text: String) -> String {
        let isBlank: (UInt8) -> Bool = { $0 <= 0x20 }
        guard text.utf8.first.map(isBlank) == true || text.utf8.last.map(isBlank) == true else { return text }
        let head = text.utf8.drop(while: isBlank)
        let body = head.reversed().drop(while: isBlank).reversed()
        return String(decoding: Array(body), as: UTF8.self)
    }
}

/// The value of a hexadecimal digit of either case.
@inline(__always)
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

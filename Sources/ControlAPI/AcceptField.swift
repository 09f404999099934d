internal import HTTPWire

/// What a client prefers (RFC 9110 §12.5.1).
struct AcceptField: Sendable {
    private struct Range {
        var type: String
        var quality: Int
    }

    private var ranges: [Range] = []

    init(_ fields: HTTPFields) {
        for value in fields.values(of: "Accept") {
            for piece in value.split(separator: ",") {
                let parts = piece.split(separator: ";").map { part in
                    String(part.filter { $0 != " " && $0 != "\t" }).lowercased()
                }
                guard let type = parts.first else { continue }
                let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
                ranges.append(
                    Range(type: type, quality: weight.map { AcceptField.thousandths($0.dropFirst(2)) } ?? 1000))
            }
        }
    }

    /// 0…1000; 0 when the client does not take it. Without a field everything is taken alike.
    func quality(_ type: String) -> Int {
        if ranges.isEmpty { return 1000 }
        let family = type.prefix { $0 != "/" } + "/*"
        for wanted in [type, String(family), "*/*"] {
            let qualities = ranges.filter { $0.type == wanted }.map(\.quality)
            if let best = qualities.max() { return best }
        }
        return 0
    }

    /// Whether a type is named and liked better than the other.
    func prefers(_ type: String, to other: String) -> Bool {
        ranges.contains { $0.type == type } && quality(type) > 0 && quality(type) >= quality(other)
    }

    /// `0.5` as 500; what is no number counts as nothing.
    private static func thousandths(_ text: Substring) -> Int {
        guard let value = Double(text), (0...1).contains(value) else { return 0 }
        return Int(value * 1000)
    }
}

internal import BeatCore

/// The two answers of the v3 API that come by the million, compared as they stand: the envelope is a Java class, so
/// its members keep their order (nacos.md §3.1). Any other text is for the JSON parser.
enum ResultBody {
    /// What the JSON in `range` says to a request of this kind; nil when the parser must read it.
    @inline(__always)
    static func reply(_ bytes: Span<UInt8>, _ range: Range<Int>, _ kind: Exchange.Kind) -> NacosReply? {
        let start = range.lowerBound
        switch range.count {
        case 42:
            guard bytes.word(start) == word("{\"code\":"), bytes.word(start &+ 8) == word("0,\"messa"),
                bytes.word(start &+ 16) == word("ge\":\"suc"), bytes.word(start &+ 24) == word("cess\",\"d"),
                bytes.word(start &+ 32) == word("ata\":\"ok"), bytes.word(start &+ 34) == word("a\":\"ok\"}")
            else { return nil }
            return success(kind)
        case 57:
            guard bytes.word(start) == word("{\"code\":"), bytes.word(start &+ 8) == word("21003,\"m"),
                bytes.word(start &+ 16) == word("essage\":"), bytes.word(start &+ 24) == word("\"instanc"),
                bytes.word(start &+ 32) == word("e not fo"), bytes.word(start &+ 40) == word("und\",\"da"),
                bytes.word(start &+ 48) == word("ta\":null"), bytes[start &+ 56] == UInt8(ascii: "}")
            else { return nil }
            return notFound(kind)
        default:
            return nil
        }
    }

    /// Code 0. No interval comes with it, and the next beat is light as all are.
    @inline(__always)
    static func success(_ kind: Exchange.Kind) -> NacosReply {
        switch kind {
        case .lightBeat, .fullBeat: .beatAccepted(interval: nil, lightBeatEnabled: true)
        case .register, .deregister: .ok
        }
    }

    /// Code 21003; nil for a register, which it does not answer. What is to be deregistered is gone by it.
    @inline(__always)
    static func notFound(_ kind: Exchange.Kind) -> NacosReply? {
        switch kind {
        case .lightBeat, .fullBeat: .notFound(interval: nil, lightBeatEnabled: true)
        case .register: nil
        case .deregister: .ok
        }
    }
}

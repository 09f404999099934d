internal import BeatCore
internal import HTTPWire

/// A strong entity tag (RFC 9110 §8.8.3), quotes included.
struct EntityTag: Equatable, Sendable {
    private enum Parts: Equatable {
        case registration(epoch: UInt64, rev: UInt64, generation: UInt32)
        case list(epoch: UInt64, rev: UInt64)
        case content(hash: UInt64)
    }

    private let parts: Parts

    /// The tag of a registration's document. It names the process too, for in memory `rev` begins anew with each.
    /// It follows the document, not the live `status`.
    init(of view: RegistrationView, epoch: UInt64) {
        parts = .registration(epoch: epoch, rev: view.rev, generation: view.generation)
    }

    /// The tag of the list.
    init(ofListAt rev: UInt64, epoch: UInt64) {
        parts = .list(epoch: epoch, rev: rev)
    }

    /// The tag of bytes that never change while this process runs.
    init(of content: [UInt8]) {
        parts = .content(hash: FNV1a.hash(content))
    }

    /// The bytes of the longest text: quotes, 13 digits of base 36, 20 and 10 decimal ones, and what is between them.
    static let textMax = 47

    var text: String {
        String(decoding: [UInt8](capacity: EntityTag.textMax, initializingWith: append), as: UTF8.self)
    }

    func append(to out: inout OutputSpan<UInt8>) {
        out.append(UInt8(ascii: "\""))
        switch parts {
        case .registration(let epoch, let rev, let generation):
            out.append(epoch, radix: 36)
            out.append(UInt8(ascii: "-"))
            out.append(rev, radix: 10)
            out.append(UInt8(ascii: "-"))
            out.append(UInt64(generation), radix: 10)
        case .list(let epoch, let rev):
            out.append(epoch, radix: 36)
            out.append(UInt8(ascii: "-"))
            out.append(rev, radix: 10)
        case .content(let hash):
            out.append(hash, radix: 16)
        }
        out.append(UInt8(ascii: "\""))
    }
}

extension OutputSpan<UInt8> {
    /// Inlined, so that the compiler knows the radix: a division by a number that it does not know takes long.
    @inline(__always)
    fileprivate mutating func append(_ number: UInt64, radix: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = digits.count
        var rest = number
        repeat {
            let (quotient, digit) = (rest / radix, UInt8(truncatingIfNeeded: rest % radix))
            first &-= 1
            digits[first] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
            rest = quotient
        } while rest > 0
        for place in first..<digits.count { append(digits[place]) }
    }
}

/// A 64-bit hash that is the same in every process. Not for secrets.
enum FNV1a {
    static let offset: UInt64 = 0xcbf2_9ce4_8422_2325

    static func hash(_ bytes: some Sequence<UInt8>, from state: UInt64 = offset) -> UInt64 {
        var hash = state
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}

/// `If-Match` or `If-None-Match` (RFC 9110 §13.1).
enum TagCondition: Equatable, Sendable {
    case any
    /// The tags as sent; a weak one keeps its `W/`.
    case tags([String])

    /// The condition in the fields of this name, nil when there is none.
    init?(_ name: String, in fields: HTTPFields) {
        guard fields.contains(name) else { return nil }
        let tags = fields.values(of: name).flatMap(TagCondition.split)
        self = tags == ["*"] ? .any : .tags(tags)
    }

    /// The strong comparison, for `If-Match`: a weak tag matches nothing.
    func matchesStrongly(_ tag: EntityTag?) -> Bool {
        guard let tag else { return false }
        switch self {
        case .any: return true
        case .tags(let tags): return tags.contains(tag.text)
        }
    }

    /// The weak comparison, for `If-None-Match`.
    func matchesWeakly(_ tag: EntityTag?) -> Bool {
        guard let tag else { return false }
        switch self {
        case .any: return true
        case .tags(let tags): return tags.contains { $0 == tag.text || $0 == "W/" + tag.text }
        }
    }

    /// Our own tags have no comma, so one within quotes can only be in a tag that matches nothing.
    private static func split(_ value: String) -> [String] {
        value.split(separator: ",").map { piece in
            var piece = piece
            while piece.first == " " || piece.first == "\t" { piece.removeFirst() }
            while piece.last == " " || piece.last == "\t" { piece.removeLast() }
            return String(piece)
        }
    }
}

/// The conditions of a request, evaluated in the order of RFC 9110 §13.2.2.
struct Preconditions: Sendable {
    var ifMatch: TagCondition?
    var ifNoneMatch: TagCondition?

    init(_ fields: HTTPFields) {
        ifMatch = TagCondition("If-Match", in: fields)
        ifNoneMatch = TagCondition("If-None-Match", in: fields)
    }

    /// For GET and HEAD: true when the client has this representation already.
    func isUnmodified(_ tag: EntityTag) throws(Problem) -> Bool {
        if let ifMatch, !ifMatch.matchesStrongly(tag) { throw Preconditions.failed("If-Match") }
        return ifNoneMatch?.matchesWeakly(tag) ?? false
    }

    /// For writes; `tag` is nil when what is written does not exist.
    func requireWrite(_ tag: EntityTag?) throws(Problem) {
        if let ifMatch, !ifMatch.matchesStrongly(tag) { throw Preconditions.failed("If-Match") }
        if let ifNoneMatch, ifNoneMatch.matchesWeakly(tag) { throw Preconditions.failed("If-None-Match") }
    }

    static func failed(_ name: String) -> Problem {
        let what = name == "If-Match" ? "what is there is another version by now, or missing" : "it exists already"
        return Problem(.preconditionFailed, "\(name) does not hold: \(what)")
    }
}

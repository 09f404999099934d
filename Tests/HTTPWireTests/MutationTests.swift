import HTTPWire
import TestSupport
import Testing

/// Corpus cases with a few bytes changed: nobody knows what should come of them, but it must not depend on how they
/// are cut, and nothing may trap.
@Suite struct MutationTests {
    private static let rounds = 3000

    /// A small generator (SplitMix64) whose sequence is the same everywhere.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static let spice = Array("\r\n\0\t :;,=%?/09afxA-\u{7F}é".utf8)

    private static func mutate(_ bytes: [UInt8], with generator: inout Generator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            let byte = spice.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[at] = byte
            case 1: bytes.insert(byte, at: at)
            case 2: bytes.remove(at: at)
            default:
                let end = min(bytes.count, at + Int.random(in: 1...20, using: &generator))
                bytes.insert(contentsOf: bytes[at..<end], at: at)
            }
        }
        return bytes
    }

    private static func pieces(_ bytes: [UInt8], with generator: inout Generator) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...30, using: &generator))
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }

    @Test func requests() throws {
        let cases = RequestCorpusTests.cases.filter { $0.bytes.count < 400 }
        for seed in 0..<UInt64(Self.rounds) {
            var generator = Generator(state: seed)
            let wireCase = try #require(cases.randomElement(using: &generator))
            let bytes = Self.mutate(wireCase.bytes, with: &generator)
            let whole = RequestOutcome.feed([bytes[...]], to: HTTPRequestParser())
            let cut = RequestOutcome.feed(Self.pieces(bytes, with: &generator), to: HTTPRequestParser())
            if cut != whole { Issue.record("seed \(seed), \(wireCase.name): \(whole) and \(cut)") }
            for case .refused(let refusal) in whole.dropLast() { Issue.record("seed \(seed): \(refusal) is not last") }
        }
    }

    @Test func responses() throws {
        let cases = ResponseCorpusTests.cases.filter { $0.bytes.count < 400 && !$0.flags.contains("to-head") }
        for seed in 0..<UInt64(Self.rounds) {
            var generator = Generator(state: seed)
            let wireCase = try #require(cases.randomElement(using: &generator))
            let bytes = Self.mutate(wireCase.bytes, with: &generator)
            let whole = ResponseOutcome.feed([bytes[...]], ends: true)
            let cut = ResponseOutcome.feed(Self.pieces(bytes, with: &generator), ends: true)
            if cut != whole { Issue.record("seed \(seed), \(wireCase.name): \(whole) and \(cut)") }
        }
    }
}

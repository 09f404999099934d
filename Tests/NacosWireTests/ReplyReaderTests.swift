import BeatCore
import NacosWire
import Testing

/// Remembering the last answer is a short cut and never another opinion.
@Suite struct ReplyReaderTests {
    private static let kinds: [Exchange.Kind] = [.lightBeat, .fullBeat, .register, .deregister]

    /// Answers to beats of a 1.4 server, of r-nacos and of v3, one that closes, and what is no answer to a beat.
    private static func answers() throws -> [[UInt8]] {
        let beat = #"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#
        let traces = ["1.4.8/v1_beat_light", "r-nacos-0.8.8/v1_beat_light", "1.4.8/conn_close", "2.5.1/v1_register"]
        return try traces.map { try Trace($0).answer } + [
            chunked(beat), chunked(beat.replacing("5000", with: "3000")),
            chunked(beat.replacing("10200", with: "20404")),
            chunked(#"{"code":0,"message":"success","data":null}"#), sized("{}"), [],
            chunked(beat, head: "X-Long: \(String(repeating: "a", count: 600))\r\n"),
        ]
    }

    @Test func itSaysOfEachAnswerBehindEachOtherWhatTheScannerSays() throws {
        let answers = try Self.answers()
        for first in answers {
            for kind in Self.kinds {
                for dialect in [Dialect.v1, .v3] {
                    var reader = ReplyReader()
                    _ = reader.scan(first.span, kind: .lightBeat, dialect: .v1)
                    for next in answers {
                        #expect(
                            reader.scan(next.span, kind: kind, dialect: dialect)
                                == ReplyScanner.scan(next.span, kind: kind, dialect: dialect))
                    }
                }
            }
        }
    }

    @Test func anAnswerThatDiffersByOneByteIsReadAnew() throws {
        let answer = try Trace("1.4.8/v1_beat_light").answer
        for position in answer.indices {
            var reader = ReplyReader()
            _ = reader.scan(answer.span, kind: .lightBeat, dialect: .v1)
            var other = answer
            other[position] ^= 1
            #expect(
                reader.scan(other.span, kind: .lightBeat, dialect: .v1)
                    == ReplyScanner.scan(other.span, kind: .lightBeat, dialect: .v1), "\(position)")
        }
    }

    @Test func partsAndWhatFollowsAreReadAsAlways() throws {
        let answer = try Trace("1.4.8/v1_beat_light").answer
        var reader = ReplyReader()
        for count in 0...answer.count {
            _ = reader.scan(answer.span, kind: .lightBeat, dialect: .v1)
            #expect(
                reader.scan(answer.span.extracting(..<count), kind: .lightBeat, dialect: .v1)
                    == ReplyScanner.scan(answer.span.extracting(..<count), kind: .lightBeat, dialect: .v1), "\(count)")
        }
        let followed = answer + answer + Array("HTTP".utf8)
        #expect(
            reader.scan(followed.span, kind: .lightBeat, dialect: .v1)
                == ReplyScanner.scan(answer.span, kind: .lightBeat, dialect: .v1))
    }
}

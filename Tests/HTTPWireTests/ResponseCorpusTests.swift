import HTTPWire
import TestSupport
import Testing

/// What a response parser made of all bytes of one connection.
enum ResponseOutcome: Equatable {
    case response(HTTPResponse, keepsOpen: Bool)
    case failed(HTTPResponseError)

    static func feed(
        _ pieces: [ArraySlice<UInt8>], toHead: Bool = false, ends: Bool = false,
        to start: HTTPResponseParser = HTTPResponseParser()
    ) -> [ResponseOutcome] {
        var parser = start
        var buffer: [UInt8] = []
        var outcomes: [ResponseOutcome] = []
        do throws(HTTPResponseError) {
            for piece in pieces {
                buffer += piece
                var goesOn = true
                while goesOn {
                    let step = try parser.parse(buffer.span, toHead: toHead)
                    buffer.removeFirst(step.consumed)
                    switch step.event {
                    case .needsMore: goesOn = false
                    case .response(let response, let keepsOpen):
                        outcomes.append(.response(response, keepsOpen: keepsOpen))
                    }
                }
            }
            if ends, let last = try parser.finish() { outcomes.append(.response(last, keepsOpen: false)) }
        } catch {
            outcomes.append(.failed(error))
        }
        return outcomes
    }
}

@Suite struct ResponseCorpusTests {
    static let cases: [WireCase] = {
        do {
            return try WireCorpus.load(TestFiles.folder + "/Corpus/responses.corpus")
        } catch {
            Issue.record(error)
            return []
        }
    }()

    @Test func corpusIsThere() {
        #expect(Self.cases.count > 60)
    }

    @Test func everyCaseWhole() {
        for wireCase in Self.cases {
            let outcomes = feed(wireCase, [wireCase.bytes[...]])
            let found = outcomes.map { outcome in
                switch outcome {
                case .response(let response, let keepsOpen): [String(response.status), keepsOpen ? "keep" : "close"]
                case .failed(let error): ["error", "\(error)"]
                }
            }
            #expect(found == wireCase.outcomes.map { Array($0.prefix(2)) }, "\(wireCase.name)")
            for (outcome, expected) in zip(outcomes, wireCase.outcomes) {
                guard let body = WireCorpus.value("body", in: expected), case .response(let response, _) = outcome
                else { continue }
                #expect(response.body == body, "\(wireCase.name)")
            }
        }
    }

    @Test func everyCaseCutAnywhere() {
        for wireCase in Self.cases {
            let whole = feed(wireCase, [wireCase.bytes[...]])
            for (name, pieces) in Feeding.all(wireCase.bytes) {
                let outcomes = feed(wireCase, pieces)
                if outcomes != whole { Issue.record("\(wireCase.name), \(name): \(outcomes)") }
            }
        }
    }

    /// A connection that ends between responses has lost nothing; its request may be sent again elsewhere.
    @Test func idleness() throws {
        var parser = HTTPResponseParser()
        #expect(parser.isIdle)
        #expect(try parser.parse("") == HTTPResponseStep(consumed: 0, event: .needsMore))
        #expect(parser.isIdle)
        #expect(try parser.parse("H") == HTTPResponseStep(consumed: 0, event: .needsMore))
        #expect(!parser.isIdle)
        #expect(try parser.parse("HTTP/1.1 100 \r\n\r\n") == HTTPResponseStep(consumed: 17, event: .needsMore))
        #expect(!parser.isIdle)
        _ = try parser.parse("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")
        #expect(parser.isIdle)
        #expect(try parser.finish() == nil)
    }

    @Test func anErrorStays() {
        var parser = HTTPResponseParser()
        #expect(throws: HTTPResponseError.statusLine) { try parser.parse("<") }
        #expect(throws: HTTPResponseError.statusLine) { try parser.parse("HTTP/1.1 200") }
        #expect(throws: HTTPResponseError.statusLine) { try parser.finish() }
    }

    private func feed(_ wireCase: WireCase, _ pieces: [ArraySlice<UInt8>]) -> [ResponseOutcome] {
        ResponseOutcome.feed(pieces, toHead: wireCase.flags.contains("to-head"), ends: wireCase.flags.contains("end"))
    }
}

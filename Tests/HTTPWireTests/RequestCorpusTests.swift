import HTTPWire
import TestSupport
import Testing

/// What a request parser made of all bytes of one connection.
enum RequestOutcome: Equatable {
    case served(HTTPRequest, keepsOpen: Bool)
    case refused(HTTPRefusal)

    /// Feeds a parser as a server does: bytes gather in a buffer, what is consumed leaves it.
    static func feed(_ pieces: [ArraySlice<UInt8>], to start: HTTPRequestParser) -> [RequestOutcome] {
        var parser = start
        var buffer: [UInt8] = []
        var outcomes: [RequestOutcome] = []
        for piece in pieces {
            buffer += piece
            var goesOn = true
            while goesOn {
                let step = parser.parse(buffer.span)
                buffer.removeFirst(step.consumed)
                switch step.event {
                case .needsMore: goesOn = false
                case .expectsContinue: break
                case .request(let request, let keepsOpen): outcomes.append(.served(request, keepsOpen: keepsOpen))
                case .refused(let refusal, _): outcomes.append(.refused(refusal))
                }
            }
        }
        return outcomes
    }
}

enum TestFiles {
    static let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        .joined(separator: "/")
}

@Suite struct RequestCorpusTests {
    static let cases: [WireCase] = {
        do {
            return try WireCorpus.load(TestFiles.folder + "/Corpus/requests.corpus")
        } catch {
            Issue.record(error)
            return []
        }
    }()

    static let following = Array("GET /next HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

    @Test func corpusIsThere() {
        #expect(Self.cases.count > 100)
    }

    @Test func everyCaseWhole() {
        for wireCase in Self.cases {
            let outcomes = RequestOutcome.feed([wireCase.bytes[...]], to: HTTPRequestParser())
            check(outcomes, wireCase)
        }
    }

    @Test func everyCaseCutAnywhereAndWithARequestBehind() {
        for wireCase in Self.cases {
            let whole = RequestOutcome.feed([wireCase.bytes[...]], to: HTTPRequestParser())
            for (name, pieces) in Feeding.all(wireCase.bytes) {
                let outcomes = RequestOutcome.feed(pieces, to: HTTPRequestParser())
                if outcomes != whole { Issue.record("\(wireCase.name), \(name): \(outcomes)") }
            }
            var expected = whole
            if case .served(_, true) = whole.last {
                let next = HTTPRequest(.get, HTTPTarget(path: "/next"), fields: ["Host": "a"])
                expected.append(.served(next, keepsOpen: true))
            }
            for (name, pieces) in Feeding.all(wireCase.bytes + Self.following).prefix(3) {
                let outcomes = RequestOutcome.feed(pieces, to: HTTPRequestParser())
                if outcomes != expected { Issue.record("\(wireCase.name) with a request behind, \(name): \(outcomes)") }
            }
        }
    }

    /// Every refusal has its words and one of the statuses and slugs of the control API.
    @Test func refusalsSayWhy() {
        var slugs: Set<String> = []
        for wireCase in Self.cases {
            for case .refused(let refusal) in RequestOutcome.feed([wireCase.bytes[...]], to: HTTPRequestParser()) {
                #expect(refusal.detail.hasSuffix(".") && refusal.detail.count > 20, "\(refusal)")
                slugs.insert("\(refusal.status) \(refusal.slug)")
            }
        }
        #expect(
            slugs == [
                "400 malformed-request", "413 too-large", "414 uri-too-long", "417 malformed-request",
                "431 headers-too-large", "501 method-not-allowed", "501 malformed-request", "505 malformed-request",
            ])
    }

    private func check(_ outcomes: [RequestOutcome], _ wireCase: WireCase) {
        #expect(!wireCase.outcomes.isEmpty, "\(wireCase.name): expects nothing")
        #expect(outcomes.count == wireCase.outcomes.count, "\(wireCase.name): \(outcomes)")
        for (outcome, expected) in zip(outcomes, wireCase.outcomes) {
            switch outcome {
            case .served(let request, let keepsOpen):
                #expect(expected.first == "served", "\(wireCase.name): \(outcome)")
                #expect(keepsOpen == !expected.contains("close"), "\(wireCase.name)")
                if let body = WireCorpus.value("body", in: expected) {
                    #expect(request.body == body, "\(wireCase.name)")
                }
            case .refused(let refusal):
                #expect(expected == [String(refusal.status)], "\(wireCase.name): \(refusal)")
            }
        }
    }
}

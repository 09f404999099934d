import Testing

/// The reader of documents and the comparison must be able to fail.
@Suite struct TranscriptTests {
    @Test func readsCommandsAndOutput() {
        let text = """
            text
            ```console
            $ curl a \\
                --b
            one

            two
            $ curl c
            ```
            $ no command
            ```sh
            make run
            ```
            """
        let transcript = Transcript(document: "x.md", text: text)
        #expect(transcript.faults == [])
        #expect(
            transcript.steps == [
                .init(line: 3, command: "curl a --b", output: ["one", "", "two"]),
                .init(line: 8, command: "curl c", output: []),
            ])
    }

    @Test func tellsWhatBreaksTheConvention() {
        func faults(_ text: String) -> [String] { Transcript(document: "x.md", text: text).faults }
        #expect(faults("```console\nx\n```") == ["line 2: output without a command"])
        #expect(faults("```console\n$ rm x\n```") == ["line 2: a transcript holds curl commands only"])
        #expect(faults("```sh\n$ curl x\n```").count == 1)
        #expect(faults("```console\n$ curl x\n") == ["the last block is not closed"])
    }

    @Test func gapsStandForAnyLines() {
        func matches(_ lines: [String], _ promised: [String]) -> Bool {
            Comparison.matches(lines[...], promised: promised[...])
        }
        #expect(matches(["a", "b"], ["a", "b"]))
        #expect(!matches(["a", "b"], ["a"]))
        #expect(!matches(["a"], ["a", "b"]))
        #expect(!matches(["a"], ["A"]))
        #expect(matches(["a", "b", "c", "d"], ["a", "  …", "d"]))
        #expect(matches(["a", "d"], ["a", "…", "d"]))
        #expect(!matches(["a", "b"], ["a", "…", "d"]))
        #expect(matches([], ["…"]))
    }

    /// A line, and what is compared of it.
    @Test(arguments: [
        (#""at":"2026-08-24T09:15:00.123Z","code":10200"#, #""at":"TIME","code":10200"#),
        (#"  "secondsUntilUnhealthy": 14.97,"#, #"  "secondsUntilUnhealthy": NUMBER,"#),
        (#""latencySeconds":1.2e-05}"#, #""latencySeconds":NUMBER}"#),
        (#""weight":2.0,"lastRefTime":1795467488911"#, #""weight":2.0,"lastRefTime":NUMBER"#),
        ("Date: Mon, 23 Nov 2026 20:58:08 GMT\r", "Date: DATE"),
        (#"ETag: "eaxpk7c9h81p-1-2""#, #"ETag: "PROCESS-1-2""#),
        (#""requestId":"484b68f11bcee4cf""#, #""requestId":"ID""#),
        ("HTTP/1.1 204 No Content", "HTTP/1.1 204 No Content"),
        (#""id": "6p7eam4arp77i""#, #""id": "6p7eam4arp77i""#),
    ])
    func normalises(line: String, expected: String) throws {
        #expect(try Normalised.lines(line + "\n\n") == [expected])
    }
}

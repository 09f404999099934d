import TestSupport
import Testing

/// Every curl command of README.md and docs/*.md prints what is written there.
@Suite struct CurlTests {
    /// A rule that looks at no file holds always.
    @Test func documentsAreSeen() throws {
        let transcripts = try Transcript.all()
        #expect(transcripts.first?.document == "README.md")
        #expect(transcripts.contains { $0.document == "docs/architecture.md" })
        #expect((transcripts.first?.steps.count ?? 0) >= 8)
    }

    @Test func documentsKeepTheConvention() throws {
        for transcript in try Transcript.all() {
            #expect(transcript.faults == [], "\(transcript.document)")
        }
    }

    @Test(.timeLimit(.minutes(5))) func commandsPrintWhatIsWritten() throws {
        for transcript in try Transcript.all() where !transcript.steps.isEmpty {
            try withTemporaryDirectory { folder in
                let beatd = try RunningBeatd(in: folder)
                for step in transcript.steps {
                    try check(step, of: transcript.document, with: beatd)
                }
                #expect(try beatd.interrupt() == .exited(0))
            }
        }
    }

    /// A command that changes something runs once. One that only asks may be ahead of what it asks for (a beat is sent
    /// when it is due), so it asks again until the answer is there, or the deadline.
    private func check(_ step: Transcript.Step, of document: String, with beatd: RunningBeatd) throws {
        let promised = try Normalised.lines(step.output.joined(separator: "\n"))
        var printed: [String] = []
        let isQuestion = ![" -X ", "--json", " -d ", " -T "].contains { step.command.contains($0) }
        let holds = try eventually(within: isQuestion ? .seconds(40) : .zero, pump: beatd.listen) {
            printed = try Normalised.lines(try beatd.output(of: step.command))
            return Comparison.matches(printed[...], promised: promised[...])
        }
        #expect(
            holds,
            """
            \(document):\(step.line): \(step.command)
            promised:
            \(promised.joined(separator: "\n"))
            printed:
            \(printed.joined(separator: "\n"))
            """)
    }
}

/// The commands that `make run` prints work when they are copied.
@Suite struct RunHintsTests {
    @Test func commandsSucceed() throws {
        let script = try readText("\(repositoryRoot)/scripts/run.sh")
        let commands = script.split(separator: "\n").filter { $0.hasPrefix("  curl ") }.map {
            $0.replacing("$listen", with: "127.0.0.1:8090").replacing("$nacos", with: "127.0.0.1:8848")
                .replacing("  curl ", with: "curl --fail-with-body ", maxReplacements: 1) + "; echo \" status $?\""
        }
        #expect(commands.count >= 4)
        try withTemporaryDirectory { folder in
            let beatd = try RunningBeatd(in: folder)
            for command in commands {
                let output = try beatd.output(of: String(command))
                #expect(output.hasSuffix(" status 0\n"), "\(command): \(output)")
            }
            #expect(try beatd.interrupt() == .exited(0))
        }
    }
}

import TestSupport

/// The commands of a document with the output that it promises.
///
/// A fenced block that is marked `console` is a transcript: a line that begins with `$ ` is a command, one that ends
/// with a backslash goes on in the next line, and all up to the next command is what it prints. A line that is only
/// `…` stands for any number of lines. Blocks of one document follow each other on the same daemon.
struct Transcript {
    struct Step: Equatable {
        /// Where the command stands, counted from 1.
        let line: Int
        let command: String
        let output: [String]
    }

    /// Stands for lines that are left out.
    static let gap = "…"

    /// From the repository's root.
    let document: String
    let steps: [Step]
    /// What breaks the convention.
    let faults: [String]

    init(document: String, text: String) {
        var reader = Reader()
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            reader.take(String(line), number: index + 1)
        }
        self.document = document
        (steps, faults) = reader.end()
    }

    /// README.md and docs/*.md.
    static func all() throws -> [Transcript] {
        let documents = ["README.md"] + namesInFolder("\(repositoryRoot)/docs").map { "docs/\($0)" }
        return try documents.filter { $0.hasSuffix(".md") }.map {
            Transcript(document: $0, text: try readText("\(repositoryRoot)/\($0)"))
        }
    }

    /// Goes through the lines of a document.
    private struct Reader {
        private var isInTranscript = false
        private var isInOtherBlock = false
        private var start = 0
        private var command: String?
        private var output: [String] = []
        private var steps: [Step] = []
        private var faults: [String] = []

        mutating func take(_ line: String, number: Int) {
            guard !line.hasPrefix("```") else { return fence(line) }
            guard isInTranscript else {
                if isInOtherBlock, line.hasPrefix("$ ") {
                    faults.append("line \(number): a command with its output belongs into a block marked console")
                }
                return
            }
            if let open = command, open.hasSuffix("\\") {
                command = String(open.dropLast()) + String(line.drop { $0 == " " })
            } else if line.hasPrefix("$ ") {
                finishStep()
                (start, command) = (number, String(line.dropFirst(2)))
                if !line.hasPrefix("$ curl ") { faults.append("line \(number): a transcript holds curl commands only") }
            } else if command == nil {
                faults.append("line \(number): output without a command")
            } else {
                output.append(line)
            }
        }

        private mutating func fence(_ line: String) {
            if isInTranscript || isInOtherBlock {
                finishStep()
                (isInTranscript, isInOtherBlock) = (false, false)
            } else {
                isInTranscript = line == "```console"
                isInOtherBlock = !isInTranscript
            }
        }

        private mutating func finishStep() {
            if let command { steps.append(Step(line: start, command: command, output: output)) }
            (command, output) = (nil, [])
        }

        mutating func end() -> ([Step], [String]) {
            if isInTranscript || isInOtherBlock { faults.append("the last block is not closed") }
            return (steps, faults)
        }
    }
}

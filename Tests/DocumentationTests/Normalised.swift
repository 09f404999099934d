/// Output without what differs from run to run: both what a document shows and what came are brought into this form
/// before they are compared. What no rule names must be equal to the byte.
enum Normalised {
    /// What the pattern finds becomes the replacement; its groups 1 and 2 stay before and behind.
    private static let rules: [(pattern: String, replacement: String)] = [
        // Times of the API, RFC 3339.
        (#"()\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z()"#, "TIME"),
        // The Date field of a response, RFC 9110 §5.6.7.
        (#"^(Date: ).*()$"#, "DATE"),
        // It counts the digits of what is measured.
        (#"^(Content-Length: )\d+()$"#, "LENGTH"),
        // Measured times in seconds, and the naming server's time of the last refresh.
        (
            #"("(?:latencySeconds|latenessSeconds|p50|p99|secondsUntilUnhealthy|uptimeSeconds|lastRefTime)": ?)[0-9][0-9.e-]*()"#,
            "NUMBER"
        ),
        (#"("requestId": ?")[0-9a-f]{16}(")"#, "ID"),
        // The first part of an entity tag is another one in each process.
        (#"()\b[0-9a-z]{9,13}-\d+(?=$|",)()"#, "EVENT"),
        (#"^(ETag: ")[0-9a-z]+(-\d+-\d+")$"#, "PROCESS"),
    ]

    /// Line ends of HTTP heads count as those of text, and empty lines at the end do not count.
    static func lines(_ text: String) throws -> [String] {
        let patterns = try rules.map { (try Regex($0.pattern), $0.replacement) }
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { line in
            patterns.reduce(String(line)) { line, rule in
                line.replacing(rule.0) { match in
                    "\(match.output[1].substring ?? "")\(rule.1)\(match.output[2].substring ?? "")"
                }
            }
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

/// Compares lines, some of which may be left out in what was promised.
enum Comparison {
    /// Whether the lines are those promised, where `Transcript.gap` stands for any number of them.
    static func matches(_ lines: ArraySlice<String>, promised: ArraySlice<String>) -> Bool {
        guard let first = promised.first else { return lines.isEmpty }
        guard first.trimmedSpaces == Transcript.gap else {
            return lines.first == first && matches(lines.dropFirst(), promised: promised.dropFirst())
        }
        return (lines.startIndex...lines.endIndex).contains {
            matches(lines[$0...], promised: promised.dropFirst())
        }
    }
}

extension String {
    fileprivate var trimmedSpaces: Substring { drop { $0 == " " } }
}

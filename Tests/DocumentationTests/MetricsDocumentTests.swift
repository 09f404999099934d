import ControlAPI
import Glibc
import TestSupport
import Testing

/// The table in docs/metrics.md is made from the catalogue. `make docs` writes it; without that, it is compared.
@Suite struct MetricsDocumentTests {
    private let path = "\(repositoryRoot)/docs/metrics.md"
    private let begin = "<!-- the table of metrics, written by `make docs` -->\n"
    private let end = "<!-- end of the table -->\n"

    @Test func tableIsThatOfTheCatalogue() throws {
        let text = try readText(path)
        let start = try #require(text.firstRange(of: begin)).upperBound
        let stop = try #require(text.firstRange(of: end)).lowerBound
        let current = "\n\(MetricsReference.markdown())\n"
        if getenv("BEATD_WRITE_DOCS") != nil {
            try writeFile(path, Array((text[..<start] + current + text[stop...]).utf8))
        } else {
            #expect(text[start..<stop] == current, "run `make docs`")
        }
    }

    @Test func thePageHasWhatTheTableHasAndNothingElse() throws {
        try withTemporaryDirectory { folder in
            let beatd = try RunningBeatd(in: folder)
            let page = try beatd.output(of: "curl -s http://127.0.0.1:8090/metrics")
            let announced = page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
                .map { String($0.split(separator: " ")[2]) }
            #expect(announced == MetricsReference.names)
            #expect(try beatd.interrupt() == .exited(0))
        }
    }
}

import Daemon
import Glibc
import TestSupport
import Testing

/// The table in docs/config.md is made from the settings. `make docs` writes it; without that, it is compared.
@Suite struct ConfigurationDocumentTests {
    private let path = "\(repositoryRoot)/docs/config.md"
    private let begin = "<!-- the table of settings, written by `make docs` -->\n"
    private let end = "<!-- end of the table -->\n"

    @Test func tableIsThatOfTheProgram() throws {
        let text = try readText(path)
        let start = try #require(text.firstRange(of: begin)).upperBound
        let stop = try #require(text.firstRange(of: end)).lowerBound
        let current = "\n\(SettingsTable.markdown())\n"
        if getenv("BEATD_WRITE_DOCS") != nil {
            try writeFile(path, Array((text[..<start] + current + text[stop...]).utf8))
        } else {
            #expect(text[start..<stop] == current, "run `make docs`")
        }
    }
}

/// All metrics in words, for `docs/metrics.md`.
public enum MetricsReference {
    /// The names by which samples are found, in the order of the page.
    public static let names: [String] = MetricCatalogue.families.map(\.sampleName)

    /// The table of the document, in Markdown.
    public static func markdown() -> String {
        var text = "| metric | type | labels | meaning |\n|---|---|---|---|\n"
        for family in MetricCatalogue.families {
            let labels = family.labels.isEmpty ? "–" : family.labels.map { "`\($0)`" }.joined(separator: ", ")
            text += "| `\(family.sampleName)` | \(family.kind.rawValue) | \(labels) | \(family.help) |\n"
        }
        return text
    }
}

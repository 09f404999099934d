internal import BeatCore

/// Writes metrics as Prometheus text 0.0.4 or OpenMetrics 1.0.
struct MetricsText: ~Copyable {
    enum Format: Sendable {
        case prometheus, openMetrics
    }

    private let format: Format
    private var bytes: [UInt8]
    private var family: MetricFamily?

    /// A text that goes on behind `bytes`.
    init(_ format: Format, appendingTo bytes: consuming [UInt8] = []) {
        self.format = format
        self.bytes = bytes
    }

    /// What is written so far.
    consuming func bytesSoFar() -> [UInt8] { bytes }

    /// Goes on with the samples of a metric that was announced before.
    mutating func goOn(with family: MetricFamily) { self.family = family }

    /// Announces a metric; its samples come next.
    mutating func begin(_ family: MetricFamily) {
        self.family = family
        let name = format == .openMetrics ? family.name : family.sampleName
        // OpenMetrics wants the type first and a unit that the name ends with; old Prometheus ignores the order.
        append("# TYPE \(name) \(family.kind.rawValue)\n")
        if format == .openMetrics, family.name.hasSuffix("_seconds") { append("# UNIT \(name) seconds\n") }
        if format == .openMetrics, family.name.hasSuffix("_bytes") { append("# UNIT \(name) bytes\n") }
        append("# HELP \(name) \(MetricsText.escaped(family.help, quotes: format == .openMetrics))\n")
    }

    /// A sample of the announced gauge or counter, with a value for each of its labels.
    mutating func sample(_ labels: [String], _ value: Double) {
        guard let family else { preconditionFailure("a sample of no metric") }
        append(family.sampleName)
        appendLabels(family.labels, labels)
        append(" \(MetricsText.number(value))\n")
    }

    mutating func sample(_ labels: [String], _ value: some BinaryInteger) { sample(labels, Double(value)) }

    /// The one sample of the announced metric, which has no labels.
    mutating func sample(_ value: Double) { sample([], value) }

    mutating func sample(_ value: some BinaryInteger) { sample([], Double(value)) }

    mutating func sample(_ histogram: BucketHistogram) { sample([], histogram) }

    /// The samples of the announced histogram.
    mutating func sample(_ labels: [String], _ histogram: BucketHistogram) {
        guard let family else { preconditionFailure("a sample of no metric") }
        let bounds = histogram.bounds.map { "\(Double($0) / 1_000_000_000)" } + ["+Inf"]
        for (bound, count) in zip(bounds, histogram.cumulativeCounts) {
            append("\(family.name)_bucket")
            appendLabels(family.labels + ["le"], labels + [bound])
            append(" \(count)\n")
        }
        append("\(family.name)_sum")
        appendLabels(family.labels, labels)
        append(" \(MetricsText.number(histogram.sumSeconds))\n\(family.name)_count")
        appendLabels(family.labels, labels)
        append(" \(histogram.count)\n")
    }

    consuming func finish() -> [UInt8] {
        if format == .openMetrics { append("# EOF\n") }
        return bytes
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func appendLabels(_ names: [String], _ values: [String]) {
        precondition(names.count == values.count, "\(family?.name ?? "") has labels \(names), got \(values)")
        if names.isEmpty { return }
        var separator = "{"
        for (name, value) in zip(names, values) {
            append("\(separator)\(name)=\"\(MetricsText.escaped(value, quotes: true))\"")
            separator = ","
        }
        append("}")
    }

    /// Whole numbers without a fraction, as people expect of a count.
    private static func number(_ value: Double) -> String {
        value.magnitude < 9_007_199_254_740_992 && value == Double(Int64(value)) ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

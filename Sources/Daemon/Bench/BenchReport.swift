internal import BeatCore

/// What was measured, and how it reads. Pure.
struct BenchReport: Equatable {
    /// Values of one kind in nanoseconds; nil where there were none.
    struct Spread: Equatable {
        var median: Int64?
        var p99: Int64?
        var max: Int64

        init(_ histogram: Histogram) {
            median = histogram.quantile(0.5)
            p99 = histogram.quantile(0.99)
            max = histogram.max
        }

        var text: String {
            guard let median, let p99 else { return "none was measured" }
            return "p50 \(Self.milliseconds(median)), p99 \(Self.milliseconds(p99)), max \(Self.milliseconds(max))"
        }

        private static func milliseconds(_ nanoseconds: Int64) -> String {
            "\(BenchReport.fixed(Double(nanoseconds) / 1e6, 2)) ms"
        }
    }

    /// Counters at one moment.
    struct Reading {
        /// Beats that ended so, by the outcome's number.
        var outcomes: [UInt64]
        var skipped: UInt64
        var cpuSeconds: Double
        var at: Instant

        func count(_ outcome: BeatOutcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }
    }

    var servers: String
    var registrations: Int
    var period: Duration
    var seconds: Double
    var accepted: UInt64
    /// Ended otherwise, by outcome; only those that came about.
    var failed: [(outcome: String, count: UInt64)]
    var skipped: UInt64
    var cpuSeconds: Double
    var latency: Spread
    var lateness: Spread
    /// Instances that Nacos confirmed to be gone, and those that are left to expire.
    var removed: UInt64 = 0
    var left = 0

    init(
        servers: String, registrations: Int, period: Duration, from begin: Reading, to end: Reading,
        latency: Histogram, lateness: Histogram
    ) {
        self.servers = servers
        self.registrations = registrations
        self.period = period
        seconds = Double((end.at - begin.at).wholeNanoseconds) / 1e9
        accepted = end.count(.ok) - begin.count(.ok)
        failed = BeatOutcome.allCases.filter { $0 != .ok }.compactMap { outcome in
            let count = end.count(outcome) - begin.count(outcome)
            return count == 0 ? nil : ("\(outcome.label)", count)
        }
        skipped = end.skipped - begin.skipped
        cpuSeconds = end.cpuSeconds - begin.cpuSeconds
        self.latency = Spread(latency)
        self.lateness = Spread(lateness)
    }

    /// Beats that failed or were not sent.
    var failures: UInt64 { failed.reduce(skipped) { $0 + $1.count } }

    var text: String {
        let due = Double(registrations) * 1000 / Double(max(1, period.wholeMilliseconds))
        let perSecond = accepted == 0 ? 0 : Double(accepted) / seconds
        let perBeat = accepted == 0 ? "none" : "\(Self.fixed(cpuSeconds / Double(accepted) * 1e6, 2)) µs a beat"
        var failures = failed.map { "\($0.count) \($0.outcome)" }
        if skipped > 0 { failures.append("\(skipped) not sent, the one before was on its way") }
        return CtlTable.text([
            ["servers", servers],
            ["registrations", "\(registrations), each every \(DurationText.text(period))"],
            [
                "beats",
                "\(accepted) in \(Self.fixed(seconds, 1)) s: \(Self.fixed(perSecond, 1)) a second, "
                    + "\(Self.fixed(due, 1)) due",
            ],
            ["cpu", "\(perBeat), \(Self.fixed(cpuSeconds / seconds * 100, 2)) % of a core"],
            ["latency", latency.text],
            ["lateness", lateness.text],
            ["failed", failures.isEmpty ? "none" : failures.joined(separator: ", ")],
            ["removed", left == 0 ? "\(removed), all" : "\(removed), and \(left) are left to expire"],
        ])
    }

    static func == (lhs: BenchReport, rhs: BenchReport) -> Bool { lhs.text == rhs.text }

    /// A number with so many digits behind the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((value * Double(scale)).rounded())
        let (whole, rest) = (scaled / scale, scaled % scale)
        guard digits > 0 else { return "\(whole)" }
        let text = String(rest)
        return "\(whole).\(String(repeating: "0", count: digits - text.count))\(text)"
    }
}

internal import BeatCore

/// The metrics of checks (control-api.md §5).
extension MetricCatalogue {
    static let ofChecks: [MetricFamily] = [
        .init(
            "beatd_checks_total", .counter, .checks(.results), ["type", "result"],
            help: "Results of checks, a ttl that expired among them."),
        .init(
            "beatd_check_duration_seconds", .histogram, .checks(.durations), ["type", "result"],
            help: "How long runs of checks took."),
        .init(
            "beatd_check_transitions_total", .counter, .checks(.transitions), ["type", "result"],
            help: "Verdicts that became another one."),
    ]
}

extension MetricSampler {
    func sample(_ source: MetricSource.Checks, _ metrics: CheckMetrics, to text: inout MetricsText) {
        for kind in Check.Kind.allCases {
            for result in CheckResult.allCases {
                let labels = ["\(kind.label)", "\(result.label)"]
                switch source {
                case .results: text.sample(labels, metrics.results(kind, result))
                case .durations: text.sample(labels, metrics.durations(kind, result))
                case .transitions: text.sample(labels, metrics.transitions(kind, result))
                }
            }
        }
    }
}

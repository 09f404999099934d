internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: GET /v1/metrics, GET /v1/metrics/{name}, GET /metrics

extension ControlAPI {
    func readMetrics(
        _ call: Call, core: borrowing BeatReactor, context: Context, shell: ShellMetrics
    ) -> HTTPResponse {
        var writer = JSONWriter()
        writer.value(.object(metricsDocument(core, context, shell)))
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }

    /// One value by its dotted path: `dom2BeatSize`, `latencySeconds.1m.p99`, `servers.0.state`.
    func readMetric(
        _ call: Call, core: borrowing BeatReactor, context: Context, shell: ShellMetrics
    ) throws(Problem) -> HTTPResponse {
        let document = metricsDocument(core, context, shell)
        var value = JSONValue.object(document)
        for name in call.parameter.split(separator: ".", omittingEmptySubsequences: false) {
            guard let next = ControlAPI.member(String(name), of: value) else {
                let names = document.members.map(\.key)
                let hint = NearestName.suggestion(for: call.parameter, among: names)
                throw Problem(.notFound, "there is no metric \(NameRules.quoted(call.parameter))\(hint)")
            }
            value = next
        }
        var writer = JSONWriter()
        let isPlain = AcceptField(call.request.fields).prefers("text/plain", to: "application/json")
        if isPlain, case .string(let text) = value { return .text(200, text) }
        writer.value(value)
        return .body(200, isPlain && value.isScalar ? .text : .json, writer.finish(), pretty: call.pretty)
    }

    func scrapeMetrics(_ call: Call, context: Context, shell: ShellMetrics) -> Handling {
        let accept = AcceptField(call.request.fields)
        let isOpen = accept.prefers("application/openmetrics-text", to: "text/plain")
        let sampler = MetricSampler(
            configuration: configuration, context: context, shell: shell, oldestSuccess: context.now)
        let work = MetricsWork(format: isOpen ? .openMetrics : .prometheus, sampler: sampler)
        return .gather(GatheredAnswer(work: .metrics(work)), route: call.route)
    }

    /// One portion of the metrics; the answer when it was the last one.
    func step(_ work: inout MetricsWork, core: borrowing BeatReactor, context: Context) -> HTTPResponse? {
        switch work.stage {
        case .scanning(let slot):
            let end = min(slot + GatherLimits.scanned, core.slotEnd)
            work.sampler.oldestSuccess = min(work.sampler.oldestSuccess, core.oldestSuccess(in: slot..<max(slot, end)))
            work.stage = end < core.slotEnd ? .scanning(from: end) : .writing(family: 0, from: 0)
            return nil
        case .writing(let family, let start):
            var text = MetricsText(work.format, appendingTo: work.takeBytes())
            if MetricCatalogue.families.indices.contains(family) {
                let next = work.sampler.write(MetricCatalogue.families[family], from: start, core, to: &text)
                work.stage = next.map { .writing(family: family, from: $0) } ?? .writing(family: family + 1, from: 0)
                work.bytes = text.bytesSoFar()
                return nil
            }
            let type: MediaType = work.format == .openMetrics ? .openMetrics : .prometheus
            return .body(200, type, text.finish(), fields: ["Vary": "Accept"])
        }
    }

    private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
        switch value {
        case .object(let object): return object[name]
        case .array(let items):
            guard let index = Int(name), items.indices.contains(index) else { return nil }
            return items[index]
        case .null, .bool, .integer, .number, .string: return nil
        }
    }

    private func metricsDocument(
        _ core: borrowing BeatReactor, _ context: Context, _ shell: ShellMetrics
    ) -> JSONObject {
        [
            "dom2BeatSize": .integer(Int64(core.dom2BeatSize)),
            "entries": .object(entriesDocument(core)),
            "tombstones": .integer(Int64(core.tombstones)),
            "beats": .object(
                JSONObject(
                    BeatOutcome.allCases.map {
                        .init("\($0.label)", .integer(Int64(clamping: core.counters.beats[$0])))
                    })),
            "latencySeconds": ControlAPI.windows(core.timings.latency, context.now),
            "latenessSeconds": ControlAPI.windows(core.timings.lateness, context.now),
            "gapSeconds": ControlAPI.windows(core.timings.gap, context.now),
            "servers": .array(serverDocuments(core, context, shell)),
        ]
    }

    /// Registrations by state.
    func entriesDocument(_ core: borrowing BeatReactor) -> JSONObject {
        var entries = JSONObject()
        for state in MetricSampler.entryStates { entries["\(state.label)"] = .integer(Int64(core.count(of: state))) }
        return entries
    }

    private static func windows(_ histogram: WindowedHistogram, _ now: Instant) -> JSONValue {
        .object([
            "1m": summary(histogram.window(.oneMinute, at: now.nanoseconds)),
            "5m": summary(histogram.window(.fiveMinutes, at: now.nanoseconds)),
        ])
    }

    /// Quantiles are null while there is no value.
    private static func summary(_ histogram: Histogram) -> JSONValue {
        return .object([
            "count": .integer(histogram.count),
            "p50": seconds(histogram.quantile(0.5)),
            "p90": seconds(histogram.quantile(0.9)),
            "p99": seconds(histogram.quantile(0.99)),
            "max": seconds(histogram.count > 0 ? histogram.max : nil),
        ])
    }
}

extension JSONValue {
    /// Whether it is neither an object nor an array.
    fileprivate var isScalar: Bool {
        switch self {
        case .null, .bool, .integer, .number, .string: true
        case .array, .object: false
        }
    }
}

internal import BeatCore

/// Takes the values of metrics where they are kept.
struct MetricSampler {
    let configuration: ControlAPI.Configuration
    let context: Context
    let shell: ShellMetrics
    /// When the worst of the registrations that should be beating was last accepted.
    var oldestSuccess: Instant

    /// States of registrations; a tombstone is none, and has a metric of its own.
    static let entryStates = RegistrationState.allCases.filter { $0 != .deregistering }

    /// Writes a metric, or of one with many histograms a portion; where the next portion begins, nil at its end.
    func write(
        _ family: MetricFamily, from start: Int, _ core: borrowing BeatReactor, to text: inout MetricsText
    ) -> Int? {
        if start == 0 { text.begin(family) } else { text.goOn(with: family) }
        switch family.source {
        case .state(let source): sample(source, core, to: &text)
        case .counter(let source): sample(source, core.counters, to: &text)
        case .histogram(let source): sample(source, core, to: &text)
        case .checks(let source): sample(source, core.checkMetrics, to: &text)
        case .nacos(.requestDuration):
            return MetricSampler.portion(shell.nacos.histograms, from: start) { text.sample($0, $1) }
        case .nacos(let source): sample(source, core, to: &text)
        case .http(.requestDuration):
            return MetricSampler.portion(shell.http.histograms, from: start) { text.sample($0.labels, $1) }
        case .http(let source): sample(source, to: &text)
        case .storage(let source): sample(source, core, to: &text)
        case .loop(let source): sample(source, to: &text)
        case .process(let source): sample(source, shell.process, to: &text)
        }
        return nil
    }

    private static func portion<Key>(
        _ histograms: [(key: Key, histogram: BucketHistogram)], from start: Int,
        _ sample: (Key, BucketHistogram) -> Void
    ) -> Int? {
        let end = min(start + GatherLimits.histograms, histograms.count)
        for (key, histogram) in histograms[start..<end] { sample(key, histogram) }
        return end < histograms.count ? end : nil
    }

    private func sample(_ source: MetricSource.State, _ core: borrowing BeatReactor, to text: inout MetricsText) {
        switch source {
        case .buildInfo:
            text.sample(
                [
                    configuration.version, configuration.revision, configuration.swiftVersion,
                    configuration.libeventVersion,
                ], 1)
        case .entries: for state in MetricSampler.entryStates { text.sample(["\(state.label)"], core.count(of: state)) }
        case .dom2BeatSize: text.sample(["naming", "dom2BeatSize"], core.dom2BeatSize)
        case .tombstones: text.sample(core.tombstones)
        case .oldestSuccessAge: text.sample((context.now - oldestSuccess).seconds)
        case .tokenExpiry:
            let end = core.loginView?.expiresAt.map {
                context.wall.milliseconds - context.now.wholeMilliseconds + $0.wholeMilliseconds
            }
            text.sample(Double(end ?? 0) / 1000)
        case .serverUp:
            for server in core.serverViews() {
                text.sample([server.name], server.state == .quarantined ? 0 : 1)
            }
        }
    }

    private func sample(_ source: MetricSource.Counter, _ counters: Counters, to text: inout MetricsText) {
        switch source {
        case .beatsSent:
            text.sample(["v1", "light"], counters.lightBeatsSent)
            text.sample(["v1", "full"], counters.fullBeatsSent)
            text.sample(["v3", "light"], counters.v3BeatsSent)
        case .beats:
            for outcome in BeatOutcome.allCases { text.sample(["\(outcome.label)"], counters.beats[outcome]) }
        case .beatsSkipped:
            for reason in SkipReason.allCases { text.sample(["\(reason.label)"], counters.skipped[reason]) }
        case .beatRetries:
            for reason in RetryReason.allCases { text.sample(["\(reason.label)"], counters.retries[reason]) }
        case .staleReplies: text.sample(counters.staleReplies)
        case .reregistrations:
            for reason in ReregisterReason.allCases {
                text.sample(["\(reason.label)"], counters.reregistrations[reason])
            }
        case .strayed: text.sample(counters.strayed)
        case .deregistrations:
            for result in DeregisterResult.allCases {
                text.sample(["\(result.label)"], counters.deregistrations[result])
            }
        case .registrations:
            text.sample(["create", "ok"], counters.created)
            text.sample(["create", "rejected"], counters.createRejected)
            text.sample(["update", "ok"], counters.updated)
            // The core refuses neither of these two; the series is there so that a sum over results is defined.
            text.sample(["update", "rejected"], 0)
            text.sample(["delete", "ok"], counters.deleted)
            text.sample(["delete", "rejected"], 0)
        }
    }

    private func sample(
        _ source: MetricSource.Histogram, _ core: borrowing BeatReactor, to text: inout MetricsText
    ) {
        switch source {
        case .beatDuration:
            text.sample(["ok"], core.timings.okDurations)
            text.sample(["error"], core.timings.errorDurations)
        case .beatLateness: text.sample(core.timings.latenessBuckets)
        case .beatGap: text.sample(core.timings.gapBuckets)
        }
    }

    private func sample(_ source: MetricSource.Nacos, _ core: borrowing BeatReactor, to text: inout MetricsText) {
        switch source {
        case .connections:
            for server in core.serverViews() {
                let connections = shell.nacos.connections(of: server.index)
                text.sample([server.name, "idle"], connections.idle)
                text.sample([server.name, "busy"], connections.busy)
            }
        case .requests:
            for operation in NacosMetrics.Operation.allCases {
                for status in NacosMetrics.StatusClass.allCases {
                    text.sample(
                        ["\(operation.label)", "\(status.label)"], shell.nacos.durations(operation, status).count)
                }
            }
        case .lookups:
            for result in LookupResult.allCases { text.sample(["\(result.label)"], shell.lookups[result]) }
        case .requestDuration: preconditionFailure("written in portions")
        }
    }

    private func sample(_ source: MetricSource.HTTP, to text: inout MetricsText) {
        switch source {
        case .requests: for (key, count) in shell.http.requests { text.sample(key.labels, count) }
        case .requestDuration: preconditionFailure("written in portions")
        case .connections:
            for listener in ConnectionMetrics.ListenerLabel.allCases {
                text.sample(["\(listener.label)", "idle"], shell.connections.idle[listener])
                text.sample(["\(listener.label)", "busy"], shell.connections.busy[listener])
            }
        case .connectionsRejected:
            for reason in ConnectionMetrics.RejectReason.allCases {
                text.sample(["\(reason.label)"], shell.connections.rejected[reason])
            }
        case .streams:
            for kind in ConnectionMetrics.StreamLabel.allCases {
                text.sample(["\(kind.label)"], shell.connections.streams[kind])
            }
        }
    }

    private func sample(_ source: MetricSource.Storage, _ core: borrowing BeatReactor, to text: inout MetricsText) {
        switch source {
        case .transactions:
            for result in StorageMetrics.ResultLabel.allCases {
                text.sample(["\(result.label)"], shell.storage.durations[result].count)
            }
        case .transactionDuration:
            for result in StorageMetrics.ResultLabel.allCases {
                text.sample(["\(result.label)"], shell.storage.durations[result])
            }
        case .writable: text.sample(core.isReadOnly ? 0 : 1)
        case .size: text.sample(shell.storage.sizeBytes)
        }
    }

    private func sample(_ source: MetricSource.Loop, to text: inout MetricsText) {
        switch source {
        case .turns: text.sample(shell.loop.turns)
        case .busy: text.sample(shell.loop.busy.seconds)
        case .stall: text.sample(shell.loop.stalls)
        case .clockJumps:
            for direction in ClockDirection.allCases {
                text.sample(["\(direction.label)"], shell.clockJumps[direction])
            }
        case .logMessages:
            for level in LogLevelLabel.allCases { text.sample(["\(level.label)"], shell.logMessages[level]) }
        case .logDropped: text.sample(shell.logDropped)
        case .lastReload: text.sample(shell.lastReloadSucceeded ? 1 : 0)
        }
    }

    private func sample(_ source: MetricSource.Process, _ process: ProcessMetrics, to text: inout MetricsText) {
        switch source {
        case .cpu: text.sample(process.cpuSeconds)
        case .openDescriptors: text.sample(process.openDescriptors)
        case .maxDescriptors: text.sample(process.maxDescriptors ?? -1)
        case .virtualMemory: text.sample(process.virtualMemoryBytes)
        case .maxVirtualMemory: text.sample(process.maxVirtualMemoryBytes ?? -1)
        case .residentMemory: text.sample(process.residentMemoryBytes)
        case .startTime: text.sample(process.startTimeSeconds)
        }
    }
}

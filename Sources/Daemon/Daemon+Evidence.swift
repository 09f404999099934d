internal import BeatCore
internal import ControlAPI

/// The level of the log while it is another than the settings say.
struct LogLevelChange {
    /// The level to go back to.
    var base: LogLevel
    /// When; nil: not by itself.
    var revertsAt: Instant?
}

// What the process measures of itself, and what a person changes in it while it runs.
extension Daemon {
    func perform(_ command: ShellCommand) {
        switch command {
        case .setLogLevel(let label, let until):
            guard let level = LogLevel(name: "\(label.label)") else { return }
            let base = logLevelChange.revertsAt == nil ? log.level : logLevelChange.base
            logLevelChange = LogLevelChange(base: base, revertsAt: until)
            change(logLevel: level, source: "api")
        }
    }

    /// Goes back to the level from before when its time is over.
    func revertLogLevel() {
        guard let at = logLevelChange.revertsAt, at <= clocks.now else { return }
        logLevelChange.revertsAt = nil
        change(logLevel: logLevelChange.base, source: logLevelChange.base == startLogLevel ? nil : "api")
    }

    /// `source` nil: as it was started with.
    private func change(logLevel level: LogLevel, source: String?) {
        let line = LogRecord(.info, "log level \(level.name)", event: "log.level")
        // Told while the log takes it: before it goes quiet, after it gets loud.
        if level > log.level { write(line) }
        let before = log.level
        log.level = level
        if level <= before { write(line) }
        let started = configuration.settings.first { $0.name == "log-level" }
        api.report(setting: "log-level", value: level.name, source: source ?? started?.source ?? "default")
    }

    /// Takes a sample of the load when it is time.
    func measureLoad() {
        guard loadMeter.isDue(at: clocks.now) else { return }
        loadMeter.note(cpuSeconds: ProcessStatistics.cpuSeconds(), beats: core.counters.beatsSent, at: clocks.now)
    }

    func sampleEvidence(into metrics: inout ShellMetrics) {
        metrics.load = loadMeter.window(
            cpuSeconds: metrics.process.cpuSeconds, beats: core.counters.beatsSent, at: clocks.now)
        metrics.lookups[.ok] = resolver?.successes ?? 0
        metrics.lookups[.failed] = resolver?.failures ?? 0
    }
}

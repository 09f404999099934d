/// One metric of the catalogue.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case gauge, counter, histogram
    }

    /// Without the `_total` that a counter's samples end with.
    let name: String
    let kind: Kind
    let help: String
    /// The label names, in the order in which samples give their values.
    let labels: [String]
    let source: MetricSource

    /// A metric; a counter is named with its `_total`, as people search for it.
    init(_ name: String, _ kind: Kind, _ source: MetricSource, _ labels: [String] = [], help: String) {
        precondition((kind == .counter) == name.hasSuffix("_total"), "\(name) is no name of a \(kind)")
        self.name = kind == .counter ? String(name.dropLast("_total".count)) : name
        self.kind = kind
        self.source = source
        self.labels = labels
        self.help = help
    }

    /// The name that samples have, and that Prometheus text 0.0.4 announces.
    var sampleName: String { kind == .counter ? name + "_total" : name }
}

/// Where the values of a metric come from; `MetricSampler` has a line for each.
enum MetricSource: Sendable {
    case state(State)
    case counter(Counter)
    case histogram(Histogram)
    case checks(Checks)
    case nacos(Nacos)
    case http(HTTP)
    case storage(Storage)
    case loop(Loop)
    case process(Process)

    /// What the core holds now.
    enum State: Sendable {
        case buildInfo, entries, dom2BeatSize, tombstones, oldestSuccessAge, serverUp, tokenExpiry
    }

    /// What the core has counted.
    enum Counter: Sendable {
        case beatsSent, beats, beatsSkipped, beatRetries, staleReplies, reregistrations, strayed, deregistrations
        case registrations
    }

    /// How long the core's beats took.
    enum Histogram: Sendable {
        case beatDuration, beatLateness, beatGap
    }

    /// What the core has counted about checks.
    enum Checks: Sendable {
        case results, durations, transitions
    }

    /// The shell's client.
    enum Nacos: Sendable {
        case connections, requests, requestDuration, lookups
    }

    /// The shell's server.
    enum HTTP: Sendable {
        case requests, requestDuration, connections, connectionsRejected, streams
    }

    /// The storage thread.
    enum Storage: Sendable {
        case transactions, transactionDuration, writable, size
    }

    /// The turn, the clock and the log.
    enum Loop: Sendable {
        case turns, busy, stall, clockJumps, logMessages, logDropped, lastReload
    }

    /// `/proc/self` and the limits of the process.
    enum Process: Sendable {
        case cpu, openDescriptors, maxDescriptors, virtualMemory, maxVirtualMemory, residentMemory, startTime
    }
}

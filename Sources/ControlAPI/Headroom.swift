internal import BeatCore
internal import JSON

/// How many more registrations there is room for: what the process can carry at the measured cost of a beat, and what
/// the servers answer at the latency they have now.
///
/// An estimate, and a careful one. All CPU time of the process counts as the beats' own, so that API work and a nearly
/// idle process (where a turn carries one beat) make a beat look dearer than many would be.
struct Headroom: Sendable {
    /// Which of the bounds is the lowest.
    enum Limit: String, CaseIterable, Sendable {
        case process, servers
        /// `--max-registrations`.
        case setting
    }

    /// The share of what is possible that is planned with. In a queue that is served at a fixed rate the mean wait at
    /// 70 % is 1.2 times the service time; it doubles by 80 % and has no bound at 100 %.
    static let share = 0.7

    /// CPU seconds for each beat sent over the last minute; nil while none was.
    let beatCost: Double?
    /// The share of one core that the process used over the last minute; nil while that is not known.
    let cpuShare: Double?
    /// What the schedule asks for, beats a second.
    let beatsPerSecond: Double
    /// More registrations that the process can carry; nil while no beat was measured.
    let process: Int?
    /// More registrations that the servers can answer; nil while none has answered a beat.
    let servers: Int?
    /// More registrations that the setting allows.
    let setting: Int

    init(_ core: borrowing BeatReactor, shell: ShellMetrics, maxRegistrations: Int, at now: Instant) {
        let rate = core.plannedBeatsPerSecond
        let registrations = core.dom2BeatSize
        beatsPerSecond = rate
        setting = max(0, maxRegistrations - registrations)
        // Further registrations are taken to beat as those that are there; the first as by default.
        let ratePerRegistration = registrations > 0 && rate > 0 ? rate / Double(registrations) : 0.2
        func more(_ capacity: Double) -> Int {
            let room = (capacity * Headroom.share - rate) / ratePerRegistration
            return Int(min(max(0, room), Double(Limits.registrations)))
        }
        let load = shell.load.flatMap { $0.window > .zero ? $0 : nil }
        cpuShare = load.map { $0.cpuSeconds / $0.window.seconds }
        let cost = load.flatMap { $0.beats > 0 && $0.cpuSeconds > 0 ? $0.cpuSeconds / Double($0.beats) : nil }
        beatCost = cost
        process = cost.map { more(1 / $0) }
        servers = Headroom.answersPerSecond(core, connections: shell.nacos.connectionsMax, at: now).map { more($0) }
    }

    /// What the servers that are not down answer in a second when each connection that may be opened always waits for
    /// one answer (Little's law); nil while no server has answered a beat in the last minute.
    private static func answersPerSecond(_ core: borrowing BeatReactor, connections: Int, at now: Instant) -> Double? {
        var sum: Double?
        for server in core.serverViews() where server.state != .quarantined {
            let latency = core.latency(of: server.index, at: now)
            guard latency.count > 0 else { continue }
            let mean = max(latency.sum / Double(latency.count) / 1e9, 1e-6)
            sum = (sum ?? 0) + Double(connections) / mean
        }
        return sum
    }

    /// The lowest bound, once both measured ones are known.
    var lowest: (registrations: Int, limit: Limit)? {
        guard let process, let servers else { return nil }
        let least = min(process, servers, setting)
        return (least, least == setting ? .setting : least == process ? .process : .servers)
    }

    /// The document in `/v1/status`.
    var document: JSONValue {
        func integer(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
        func number(_ value: Double?) -> JSONValue { value.map { .number(Headroom.toMillionths($0)) } ?? .null }
        return .object([
            "registrations": integer(lowest?.registrations),
            "limit": lowest.map { .string($0.limit.rawValue) } ?? .null,
            "process": integer(process),
            "servers": integer(servers),
            "setting": integer(setting),
            "beatsPerSecond": number(beatsPerSecond),
            "beatCostSeconds": number(beatCost),
            "cpuShare": number(cpuShare),
        ])
    }

    /// To a millionth: what is finer is noise.
    private static func toMillionths(_ value: Double) -> Double { Double(Int64(value * 1e6 + 0.5)) / 1e6 }
}

import BeatCore
import EventLoop
import NamingStandIn
import Testing

@testable import Daemon

/// What kept instances alive, as the naming servers saw it: by port, the moments at which one of them accepted a beat or
/// a register.
struct AcceptedBeats {
    private(set) var moments: [Int: [Int64]] = [:]
    /// Beats that were answered with anything else, and registers.
    private(set) var refused = 0
    private(set) var registers = 0

    init(_ harness: Harness) {
        for node in harness.cluster?.nodes ?? [harness.naming] {
            for entry in node.requestLog.entries where entry.route == .beat || entry.route == .register {
                if entry.route == .register { registers += 1 }
                guard let port = Harness.port(of: entry) else { continue }
                if AcceptedBeats.isAccepted(entry) {
                    moments[port, default: []].append(entry.arrival)
                } else {
                    refused += 1
                }
            }
        }
        for port in moments.keys { moments[port]?.sort() }
    }

    private static func isAccepted(_ entry: RequestLog.Entry) -> Bool {
        let text = String(decoding: entry.answer, as: UTF8.self)
        return entry.status == 200 && (text == "ok" || text.contains("10200") || text.contains("\"code\":0,"))
    }

    /// The longest time without an accepted beat among these ports, in seconds; until `end` for the last one.
    func longestGap(of ports: some Sequence<Int>, from begin: Int64 = 0, until end: Int64) -> Double {
        var longest: Int64 = 0
        for port in ports {
            let times = (moments[port] ?? []).filter { $0 >= begin && $0 <= end }
            guard let first = times.first else { return .infinity }
            var last = max(first, begin)
            for time in times + [end] {
                longest = max(longest, time - last)
                last = time
            }
        }
        return Double(longest) / 1e9
    }
}

extension Harness {
    /// Scheduled beats that failed, whatever the reason.
    var failedBeats: UInt64 {
        BeatOutcome.allCases.reduce(0) { $0 + ($1 == .ok ? 0 : daemon.core.counters.beats[$1]) }
    }

    /// Lateness of first attempts: p99 and the latest, in milliseconds.
    var lateness: (p99: Double, latest: Double) {
        let seen = daemon.core.timings.lateness.window(.fiveMinutes, at: MonotonicClock.nanoseconds())
        return (Double(seen.quantile(0.99) ?? 0) / 1e6, Double(seen.max) / 1e6)
    }
}

@testable import BeatCore

/// What happened in a run: the last events in words, and a digest of all.
struct Trace {
    enum Event {
        case input(Input)
        case effect(Effect)
        case written(Exchange)
        case arrived(Exchange)
        case fault(FakeCluster.Fault, server: Int)
        case wiped
        case interval(Int64?)
        case stalled(Duration)
    }

    private static let kept = 30
    private var events: [(at: Instant, event: Event)] = []
    private var position = 0
    private let start: Instant
    /// FNV-1a over all events as text; nil when it was not asked for, because text is slow.
    private(set) var digest: UInt64?
    /// Events so far.
    private(set) var count = 0

    init(start: Instant, digesting: Bool) {
        self.start = start
        digest = digesting ? 0xcbf2_9ce4_8422_2325 : nil
        events.reserveCapacity(Self.kept)
    }

    mutating func add(_ event: Event, at now: Instant) {
        count += 1
        if let digest {
            var hash = digest
            for byte in "\(now.nanoseconds) \(event)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            self.digest = hash
        }
        if events.count < Self.kept {
            events.append((now, event))
        } else {
            events[position] = (now, event)
            position = (position + 1) % Self.kept
        }
    }

    /// The last events, one a line, oldest first.
    var text: String {
        (events[position...] + events[..<position]).map { entry in
            let milliseconds = Double((entry.at - start).wholeNanoseconds / 1000) / 1000
            return "  \(milliseconds) ms  \(Self.short(entry.event))"
        }.joined(separator: "\n")
    }

    /// Without the module names and the nanoseconds that Swift prints.
    private static func short(_ event: Event) -> String {
        switch event {
        case .input(.register(let document, let token, let options)):
            "register \(document.key.serviceName) weight \(document.weight) enabled \(document.enabled) "
                + "period \(document.period.map { "\($0)" } ?? "-") token \(token.number) "
                + "wait \(options.wait.map { "\($0)" } ?? "-")\(options.mustCreate ? " mustCreate" : "")"
        case .input(.replied(let exchange, let reply, _)): "\(short(exchange)) replied \(strip(reply))"
        case .input(.failed(let exchange, let failure, let sentAt, _)):
            "\(short(exchange)) failed \(strip(failure))\(sentAt == nil ? ", nothing written" : "")"
        case .input(let input): strip(input)
        case .effect(.send(let exchange)): "-> send \(short(exchange))"
        case .effect(.cancel(let exchange)): "-> cancel \(short(exchange))"
        case .effect(.answer(let token, let answer)): "-> answer \(token.number) \(strip(answer))"
        case .effect(let effect): "-> \(strip(effect))"
        case .written(let exchange): "written \(short(exchange))"
        case .arrived(let exchange): "arrived \(short(exchange))"
        case .fault(let fault, let server): "server \(server): \(strip(fault))"
        case .wiped: "all instances are lost"
        case .interval(let interval): "clientBeatInterval \(interval.map { "\($0)" } ?? "-")"
        case .stalled(let duration): "the process stands still for \(duration)"
        }
    }

    private static func short(_ exchange: Exchange) -> String {
        "slot \(exchange.slot) generation \(exchange.generation) \(exchange.kind) at server \(exchange.server)"
    }

    private static func strip(_ value: some Any) -> String {
        var text = Substring("\(value)")
        var parts = ""
        while let dot = text.firstIndex(of: ".") {
            let word = text[..<dot]
            let isModule = ["BeatCore", "SimulationTests"].contains { word.hasSuffix($0) }
            parts += isModule ? word.dropLast(word.hasSuffix("BeatCore") ? 8 : 15) : text[...dot]
            text = text[text.index(after: dot)...]
        }
        return parts + text
    }
}

import BeatCore
import TestSupport
import Testing

/// The production core with a disk that commits, fails, hangs and forgets, killed at any moment.
///
/// One promise, in two sentences: what was acknowledged is there after a restart; what was not is absent or whole.
@Suite struct RestartTests {
    /// What a disk holds, and what it was given and has not committed.
    private struct Disk {
        var rows: [UInt64: StoredRegistration] = [:]
        var sidecar: Maintenance?
        var given: [(change: StoreChange, number: UInt64)] = []
        var isBroken = false

        mutating func commit(_ count: Int) -> UInt64? {
            guard count > 0, count <= given.count else { return nil }
            let last = given[count - 1].number
            for (change, _) in given[..<count] {
                switch change {
                case .put(let stored): rows[stored.serial] = stored
                case .accepted(let serial, let generation): rows[serial]?.acceptedGeneration = generation
                case .hold(let serial, let record, _): rows[serial]?.hold = record
                case .sidecar(let maintenance, _): sidecar = maintenance
                case .delete(let serial): rows[serial] = nil
                }
            }
            given.removeFirst(count)
            return last
        }
    }

    /// What may be true of a key: the weight that was acknowledged last, and those that were asked for since; nil is
    /// "not there".
    private struct Truth {
        var settled: Double?
        var asked: [Double?] = []
    }

    /// One process after another on one disk.
    private struct World: ~Copyable {
        var core: BeatReactor
        var now = Instant(nanoseconds: 1_000_000_000)
        var disk = Disk()
        var truths = [Truth](repeating: Truth(), count: 8)
        var waiting: [UInt64: (key: Int, weight: Double?)] = [:]
        var inFlight: [Exchange] = []
        var nextToken: UInt64 = 0
        var problems: [String] = []
        var acknowledged = 0
        var kills = 0

        init() { core = World.process(at: now) }

        static func process(at now: Instant) -> BeatReactor {
            BeatReactor(
                .init(
                    servers: ["127.0.0.1:8848"], dialect: .forced(.v1), stores: true,
                    phaseEpoch: Instant(nanoseconds: 0)), at: now)
        }

        func document(_ key: Int, weight: Double) -> RegistrationDocument {
            RegistrationDocument(
                key: InstanceKey(serviceName: "orders", ip: "10.0.0.1", port: UInt16(1 + key)), weight: weight)
        }

        mutating func handle(_ input: Input) {
            var effects: [Effect] = []
            core.handle(input, at: now, into: &effects)
            for effect in effects {
                switch effect {
                case .send(let exchange): inFlight.append(exchange)
                case .store(let change, let number): disk.given.append((change, number))
                case .reopenStorage:
                    handle(disk.isBroken ? .storeFailed(detail: "broken") : .storageReopened(isEmpty: false))
                case .answer(let token, let answer): answered(token, answer)
                case .cancel, .probe, .verify, .login, .addServer, .retireServer, .runCheck, .log, .publish, .finish:
                    break
                }
            }
        }

        private mutating func answered(_ token: RequestToken, _ answer: Answer) {
            guard let (key, weight) = waiting.removeValue(forKey: token.number) else { return }
            switch answer {
            case .created, .updated, .unchanged, .removed, .removing:
                acknowledged += 1
                truths[key].settled = weight
                // Answers come in the order of the writes: what was asked for before this is no longer possible.
                if let position = truths[key].asked.firstIndex(of: weight) {
                    truths[key].asked.removeFirst(position + 1)
                }
            case .storageUnavailable, .notFound, .draining, .exists, .keyConflict, .tooManyRegistrations, .keyHeld,
                .idHeld,
                .batch, .refused, .beaten,
                .notBeaten, .beatTooSoon, .renewed, .noTTLCheck, .maintained, .drained, .drainUnderWay:
                break
            }
        }

        mutating func write(_ key: Int, weight: Double) {
            nextToken += 1
            waiting[nextToken] = (key, weight)
            truths[key].asked.append(weight)
            handle(.register(document(key, weight: weight), RequestToken(nextToken), RegisterOptions()))
        }

        mutating func remove(_ key: Int) {
            guard let handle = core.find(document(key, weight: 0).key) else { return }
            nextToken += 1
            waiting[nextToken] = (key, nil)
            truths[key].asked.append(nil)
            self.handle(.remove(handle, RequestToken(nextToken), RemoveOptions(wait: .zero)))
        }

        mutating func reply(_ random: inout SplitMix) {
            guard !inFlight.isEmpty else { return }
            let exchange = inFlight.remove(at: random.next(below: inFlight.count))
            let reply: NacosReply =
                switch random.next(below: 8) {
                case 0: .serverError(status: 500, detail: "x")
                case 1 where exchange.kind.isBeat: .notFound(interval: 5000, lightBeatEnabled: true)
                default: exchange.kind.isBeat ? .beatAccepted(interval: 5000, lightBeatEnabled: true) : .ok
                }
            handle(.replied(exchange, reply, sentAt: now))
        }

        mutating func pass(_ duration: Duration) {
            let end = now + duration
            while let deadline = core.nextDeadline?.at, deadline <= end {
                now = max(now, deadline)
                handle(.tick)
            }
            now = end
        }

        /// kill -9, and a start with what the disk has.
        mutating func restart(_ random: inout SplitMix) {
            kills += 1
            now = now + .milliseconds(Int64(random.next(below: 20_000)))
            disk.given = []
            disk.isBroken = false
            waiting = [:]
            inFlight = []
            core = World.process(at: now)
            let rows = disk.rows.values.sorted { $0.serial < $1.serial }
            for row in rows { handle(.restored([row], rev: 0, total: rows.count)) }
            for key in truths.indices {
                let view = core.find(document(key, weight: 0).key).flatMap { core.view($0) }
                let weight = view.flatMap { $0.state == .deregistering ? nil : $0.document.weight }
                if weight != truths[key].settled, !truths[key].asked.contains(weight) {
                    problems.append("key \(key): \(String(describing: weight)), \(truths[key])")
                }
                truths[key] = Truth(settled: weight)
            }
        }
    }

    private func run(seed: UInt64) -> (problems: [String], acknowledged: Int, kills: Int) {
        var random = SplitMix(seed: seed)
        var world = World()
        for step in 0..<300 {
            let key = random.next(below: world.truths.count)
            switch random.next(below: 20) {
            case 0...5: world.write(key, weight: Double(step))
            case 6, 7: world.remove(key)
            case 8...11:
                guard !world.disk.isBroken, !world.disk.given.isEmpty else { break }
                let count = 1 + random.next(below: world.disk.given.count)
                if let number = world.disk.commit(count) { world.handle(.stored(through: number)) }
            case 12...15: world.reply(&random)
            case 16, 17: world.pass(.milliseconds(Int64(random.next(below: 1500))))
            case 18:
                world.disk.isBroken.toggle()
                guard world.disk.isBroken else { break }
                // A commit that failed may have reached the disk all the same.
                if random.next(below: 2) == 0 { _ = world.disk.commit(world.disk.given.count) }
                world.disk.given = []
                world.handle(.storeFailed(detail: "broken"))
            default: if random.next(below: 3) == 0 { world.restart(&random) }
            }
        }
        world.restart(&random)
        return (world.problems, world.acknowledged, world.kills)
    }

    @Test func whatWasAcknowledgedIsThereWhateverHappens() {
        var acknowledged = 0
        var kills = 0
        for seed in 1...2000 as ClosedRange<UInt64> {
            let result = run(seed: seed)
            acknowledged += result.acknowledged
            kills += result.kills
            #expect(result.problems.isEmpty, "seed \(seed): \(result.problems)")
        }
        #expect(acknowledged > 20_000 && kills > 5_000, "\(acknowledged) acknowledged, \(kills) kills")
    }
}

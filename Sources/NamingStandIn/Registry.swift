/// One instance of a service.
struct Instance: Equatable {
    /// What the registry finds it by; see `Registry.key`.
    var key: [UInt8]
    /// Index of its service in the registry.
    private(set) var service: Int
    /// nil after a full beat that named none (nacos.md §2.4).
    let ip: String?
    let port: Int
    var cluster: String
    var weight: Double
    var isEnabled: Bool
    var isHealthy: Bool
    var isEphemeral: Bool
    /// nil on 1.4 after a full beat that named none.
    var metadata: Metadata?
    /// v2 registrations have no `instanceId`.
    var hasID: Bool
    /// ns.
    var lastBeat: Int64
    var timers: Timers
    var standing = Standing.own

    /// Whose an instance is, in a cluster.
    enum Standing: Equatable {
        case own
        /// Its owner told this node about it, for readers.
        case copy
        /// Registered here, where it does not belong, and known nowhere else.
        case strayed
    }

    /// What metadata says about time, read once.
    struct Timers: Equatable {
        /// ns without a beat.
        var unhealthyAfter: Int64
        /// ns without a beat.
        var goneAfter: Int64
        /// The answer to a beat, in ms; nil leaves it to the switch.
        var interval: Int64?
        /// 2.x leaves instances with `enableClientBeat=true` alone.
        var isChecked: Bool

        init(_ metadata: Metadata?, _ profile: NamingProfile) {
            if case .fixed(let unhealthy, let gone) = profile.silence {
                unhealthyAfter = unhealthy * 1_000_000
                goneAfter = gone * 1_000_000
                interval = nil
                isChecked = true
                return
            }
            let rule = profile.timerNumber
            let timeout = metadata?.timer(.timeout, rule) ?? Metadata.Timer.timeout.standard
            let deletion = metadata?.timer(.deletion, rule) ?? Metadata.Timer.deletion.standard
            unhealthyAfter = timeout.multipliedClamped(by: 1_000_000)
            goneAfter = deletion.multipliedClamped(by: 1_000_000)
            interval = metadata?.timer(.interval, rule)
            isChecked = rule == .digitsElseDefault || metadata?["enableClientBeat"] != "true"
        }
    }
}

extension Instance {
    func moved(to service: Int) -> Instance {
        var moved = self
        moved.service = service
        return moved
    }
}

extension Int64 {
    func multipliedClamped(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? (self < 0 ? .min : .max) : product
    }
}

/// A named group of instances.
struct Service {
    let namespace: String
    let group: String
    let name: String
    let isEphemeral: Bool
    /// Slots in the registry, first registered first.
    var instances: [Int] = []
    /// It takes no change any more (`NullAddress.poisonsService`).
    var isPoisoned = false
    /// ns; since when it has no instance.
    var emptySince: Int64?
    /// What readers see while a write is fresh.
    var stale: Stale?

    struct Stale {
        /// ns.
        let until: Int64
        let instances: [Instance]
    }

    var groupedName: String { "\(group)@@\(name)" }
}

/// What an operator's update put over an instance on 2.x (nacos.md §4.5).
struct Override {
    var weight: Double
    var isEnabled: Bool
    var metadata: Metadata
    /// ns; set when the instance is gone.
    var expires: Int64?
}

/// All services and instances, found by the bytes of their names.
struct Registry {
    private(set) var services: [Service] = []
    private var freeServices: [Int] = []
    private var serviceIndex: [[UInt8]: Int] = [:]
    private(set) var slots: [Instance?] = []
    private var free: [Int] = []
    private var slotIndex: [[UInt8]: Int] = [:]
    var overrides: [[UInt8]: Override] = [:]
    /// ns by which readers lag behind writers.
    var readLag: Int64 = 0

    var instanceCount: Int { slotIndex.count }
    var serviceCount: Int { serviceIndex.count }
    /// Those that were not ended for being empty.
    var liveServices: [Int] { serviceIndex.values.sorted() }

    /// The key of an instance: namespace, grouped name, ip, port and, where it is part of the identity, cluster, each
    /// behind a NUL.
    static func key(namespace: String, service: String, ip: String?, port: Int, cluster: String?) -> [UInt8] {
        var key: [UInt8] = []
        key.append(text: namespace)
        key.append(0)
        key.append(text: service)
        key.append(0)
        key.append(text: ip ?? "null")
        key.append(0)
        key.append(decimal: port)
        if let cluster {
            key.append(0)
            key.append(text: cluster)
        }
        return key
    }

    func find(_ key: [UInt8]) -> Int? { slotIndex[key] }

    func service(_ namespace: String, _ groupedName: String) -> Int? {
        serviceIndex[Registry.serviceKey(namespace, groupedName)]
    }

    private static func serviceKey(_ namespace: String, _ groupedName: String) -> [UInt8] {
        Array(namespace.utf8) + [0] + Array(groupedName.utf8)
    }

    /// The service of that name, made if there is none.
    mutating func makeService(_ namespace: String, _ name: ServiceName, isEphemeral: Bool) -> Int {
        let key = Registry.serviceKey(namespace, name.grouped)
        if let found = serviceIndex[key] { return found }
        let service = Service(namespace: namespace, group: name.group, name: name.bare, isEphemeral: isEphemeral)
        let index = freeServices.popLast() ?? services.count
        if index == services.count { services.append(service) } else { services[index] = service }
        serviceIndex[key] = index
        return index
    }

    /// Stores an instance, over one with the same key.
    mutating func put(_ instance: Instance, at now: Int64) {
        willChange(instance.service, at: now)
        if let slot = slotIndex[instance.key] {
            slots[slot] = instance
            return
        }
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(instance) } else { slots[slot] = instance }
        slotIndex[instance.key] = slot
        services[instance.service].instances.append(slot)
        services[instance.service].emptySince = nil
    }

    mutating func remove(_ slot: Int, at now: Int64) {
        guard let instance = slots[slot] else { return }
        willChange(instance.service, at: now)
        release(slot, instance, at: now)
        // Instances tend to leave in the order they came or in the reverse of it.
        let index = instance.service
        if services[index].instances.last == slot {
            services[index].instances.removeLast()
        } else {
            services[index].instances.removeAll { $0 == slot }
        }
        if services[index].instances.isEmpty { services[index].emptySince = now }
    }

    private mutating func release(_ slot: Int, _ instance: Instance, at now: Int64) {
        slots[slot] = nil
        slotIndex[instance.key] = nil
        free.append(slot)
        overrides[instance.key]?.expires = now + Registry.overrideLife
    }

    /// An operator's record outlives its instance by 60 s.
    static let overrideLife: Int64 = 60_000_000_000

    mutating func update(_ slot: Int, _ change: (inout Instance) -> Void) {
        guard var instance = slots[slot] else { return }
        change(&instance)
        slots[slot] = instance
    }

    /// A beat came: it is healthy from now on. Marked instances do not exist here.
    @inline(__always)
    mutating func touch(_ slot: Int, at now: Int64) {
        if slots[slot]?.isHealthy == false, let service = slots[slot]?.service { willChange(service, at: now) }
        slots[slot]?.lastBeat = now
        slots[slot]?.isHealthy = true
    }

    /// Keeps what readers see for a while, when they lag.
    mutating func willChange(_ service: Int, at now: Int64) {
        guard readLag > 0 else { return }
        if let stale = services[service].stale, now < stale.until { return }
        services[service].stale = Service.Stale(
            until: now + readLag, instances: services[service].instances.compactMap { slots[$0] })
    }

    /// The instances of a service as a reader sees them.
    func visible(_ service: Int, at now: Int64) -> [Instance] {
        if let stale = services[service].stale, now < stale.until { return stale.instances }
        return services[service].instances.compactMap { slots[$0] }
    }

    /// Every instance anew, as `change` makes it; of two that come to the same key the later one stays.
    mutating func rebuild(_ change: (Instance, Service) -> Instance) {
        let old = self
        self = Registry()
        readLag = old.readLag
        for index in old.liveServices {
            let service = old.services[index]
            let name = ServiceName(bare: service.name, group: service.group)
            let target = makeService(service.namespace, name, isEphemeral: service.isEphemeral)
            services[target].isPoisoned = service.isPoisoned
            services[target].emptySince = service.emptySince
            for case let instance? in service.instances.map({ old.slots[$0] }) {
                put(change(instance, service).moved(to: target), at: 0)
            }
        }
    }

    mutating func poison(_ service: Int) {
        services[service].isPoisoned = true
    }

    /// One pass over everything, O(n): who beat too long ago is unhealthy, then gone (nacos.md §4.2).
    mutating func check(at now: Int64, emptyServiceLife: Int64?) {
        for (key, index) in serviceIndex {
            checkInstances(of: index, at: now)
            if let life = emptyServiceLife, let since = services[index].emptySince, now - since > life {
                serviceIndex[key] = nil
                freeServices.append(index)
            }
        }
        overrides = overrides.filter { now < $0.value.expires ?? .max }
    }

    private mutating func checkInstances(of index: Int, at now: Int64) {
        var gone = false
        for slot in services[index].instances {
            guard let instance = slots[slot], instance.isEphemeral, instance.timers.isChecked,
                instance.standing == .own
            else { continue }
            let age = now - instance.lastBeat
            let isLate = instance.isHealthy && age > instance.timers.unhealthyAfter
            let isGone = age > instance.timers.goneAfter && !services[index].isPoisoned
            if isLate || isGone { willChange(index, at: now) }
            if isLate { slots[slot]?.isHealthy = false }
            if isGone {
                release(slot, instance, at: now)
                gone = true
            }
        }
        guard gone else { return }
        services[index].instances.removeAll { slots[$0] == nil }
        if services[index].instances.isEmpty { services[index].emptySince = now }
    }
}

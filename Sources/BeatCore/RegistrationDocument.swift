/// What a client asked for: the writable part of a registration (control-api.md §2).
public struct RegistrationDocument: Equatable, Sendable {
    /// Which instance; cannot change over the life of a registration.
    public var key: InstanceKey
    /// Share of the traffic, 0…10000.
    public var weight: Double
    /// False: registered, but consumers do not see it.
    public var enabled: Bool
    /// What consumers read; at most `Limits.metadataKeys` keys.
    public var metadata: StringMap
    /// The time between beats when the client gave one; else it follows from the metadata or is 5 s.
    public var period: Duration?
    /// What decides whether it may beat; at most `Limits.checksPerRegistration`.
    public var checks: [Check]
    /// What a failing check does to the beat.
    public var onUnhealthy: OnUnhealthy
    /// Whether the instance leaves Nacos when beatd exits in an orderly way.
    public var deregisterOnExit: Bool
    /// For filters only, never sent to Nacos.
    public var labels: StringMap

    /// Who asked for it.
    public var source: RegistrationSource
    /// How the address in the key was chosen among those of this host, such as `auto:eth0`; nil: it was given. The shell
    /// watches it.
    public var ipRule: String?

    /// A document from its parts, taken as they are: `ControlAPI` has checked them.
    public init(
        key: InstanceKey, weight: Double = 1, enabled: Bool = true, metadata: StringMap = StringMap(),
        period: Duration? = nil, checks: [Check] = [], onUnhealthy: OnUnhealthy = .stop,
        deregisterOnExit: Bool = true, labels: StringMap = StringMap(), source: RegistrationSource = .api,
        ipRule: String? = nil
    ) {
        self.key = key
        self.weight = weight
        self.enabled = enabled
        self.metadata = metadata
        self.period = period
        self.checks = checks
        self.onUnhealthy = onUnhealthy
        self.deregisterOnExit = deregisterOnExit
        self.labels = labels
        self.source = source
        self.ipRule = ipRule
    }

    /// The time between beats that this document asks for; a server's `clientBeatInterval` may replace it.
    public var requestedPeriod: Duration { period ?? PreservedMetadata.interval(in: metadata) }

    /// The metadata as it goes to Nacos: a period given explicitly is told to the server as the Java client does it.
    public var wireMetadata: StringMap {
        guard let period else { return metadata }
        var sent = metadata
        sent[PreservedMetadata.heartBeatInterval] = String(period.wholeMilliseconds)
        return sent
    }
}

/// Who asked for a registration.
public enum RegistrationSource: String, Sendable {
    /// A client of the API.
    case api
    /// A configuration file, which alone may change it.
    case file
}

/// What a failing check does to the beat.
public enum OnUnhealthy: String, Sendable {
    case stop, disable, deregister
}

/// The metadata keys that Nacos itself reads (nacos.md §1.3); all values are whole milliseconds as decimal text.
public enum PreservedMetadata {
    /// The time between beats.
    public static let heartBeatInterval = "preserved.heart.beat.interval"
    /// How long without a beat until the server marks the instance unhealthy.
    public static let heartBeatTimeout = "preserved.heart.beat.timeout"
    /// How long without a beat until the server removes the instance.
    public static let ipDeleteTimeout = "preserved.ip.delete.timeout"

    static let defaultInterval = Duration.seconds(5)
    static let defaultHeartBeatTimeout = Duration.seconds(15)
    static let defaultIpDeleteTimeout = Duration.seconds(30)

    /// The beat interval that the metadata asks for, else 5 s.
    public static func interval(in metadata: StringMap) -> Duration {
        milliseconds(heartBeatInterval, in: metadata) ?? defaultInterval
    }

    /// How long the server waits before it calls the instance unhealthy, else 15 s.
    public static func timeout(in metadata: StringMap) -> Duration {
        milliseconds(heartBeatTimeout, in: metadata) ?? defaultHeartBeatTimeout
    }

    /// How long the server waits before it removes the instance, else 30 s.
    public static func deleteTimeout(in metadata: StringMap) -> Duration {
        milliseconds(ipDeleteTimeout, in: metadata) ?? defaultIpDeleteTimeout
    }

    /// The value of a `preserved.*` time; nil when it is absent or not digits only.
    public static func milliseconds(_ name: String, in metadata: StringMap) -> Duration? {
        guard let text = metadata[name], !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        // Bounded, so that no sum of durations can overflow: a year is beyond every use.
        guard let value = Int64(text), value <= 31_536_000_000 else { return nil }
        return .milliseconds(value)
    }
}

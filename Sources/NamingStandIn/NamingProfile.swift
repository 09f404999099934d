/// What differs between the servers that the stand-in can be: facts as data, so that no handler asks for a version.
///
/// Measured facts and their sources: nacos.md §2, §4, §8, §10; the recorded traces show the bytes.
public struct NamingProfile: Equatable, Sendable {
    /// The profiles by the name that settings and people use.
    public enum Name: String, CaseIterable, Sendable {
        case nacos14 = "1.4"
        case nacos25 = "2.5"
    }

    /// What tells two instances of one service apart.
    enum Identity: Equatable { case addressAndCluster, address }

    /// How a metadata number that steers a timer is read (nacos.md §1.3).
    enum TimerNumber: Equatable {
        /// `^\d+$`, else the default.
        case digitsElseDefault
        /// A decimal Int64, else 0.
        case integerElseZero
    }

    /// Where the heartbeat of a full beat goes (nacos.md §2.4, the trap).
    enum Refresh: Equatable {
        /// To the instance that the query names.
        case byQuery
        /// To the instance that the JSON's service name selects, whatever the query said.
        case byJSON
    }

    /// What a full beat without ip or port does (nacos.md §2.4).
    enum NullAddress: Equatable {
        /// The service takes no change from then on, while every write is answered `ok`.
        case poisonsService
        /// A host without ip and with port 0 is listed.
        case isListed
    }

    /// What `PUT /v1/ns/instance` does (nacos.md §2.5).
    enum Update: Equatable {
        /// It registers.
        case upsert
        /// It keeps a record that overrides what the publisher registers.
        case override
    }

    /// How refusals that come before the controller look.
    enum EarlyRefusal: Equatable {
        /// Text, as from the controller.
        case text
        /// JSON of the container's error page.
        case container
    }

    /// The shape of lists and metrics.
    enum Documents: Equatable { case nacos1, nacos2 }

    /// The order of metadata keys in answers.
    enum MetadataOrder: Equatable { case insertion, javaHashMap }

    /// What people call it.
    public let name: Name
    /// What `/v1/console/server/state` calls the server.
    let version: String
    let identity: Identity
    /// Error texts are wrapped as `caused: …;`.
    let wrapsErrors: Bool
    let earlyRefusal: EarlyRefusal
    let weightRangeStatus: Int
    let missingInstanceStatus: Int
    /// GET of one instance has a text of its own for a service that does not exist.
    let namesMissingService: Bool
    /// A beat of an unknown instance is answered with `lightBeatEnabled`.
    let unknownBeatTellsLight: Bool
    /// The parameter check of 2.3 and later (nacos.md §2.9).
    let checksParameters: Bool
    /// Heartbeat timeout and delete timeout must not be below the interval.
    let checksTimeouts: Bool
    /// A form in the body of a POST is read.
    let readsPostBody: Bool
    let timerNumber: TimerNumber
    let refresh: Refresh
    let nullAddress: NullAddress
    let update: Update
    let documents: Documents
    let metadataOrder: MetadataOrder
    /// A service holds ephemeral or persistent instances, never both.
    let separatesPersistent: Bool
    /// All hosts are listed as healthy when none is (protect threshold 0).
    let protectsByDefault: Bool
    /// How long a service without instances lives, in ms; nil for ever.
    let emptyServiceLife: Int64?
    let servesV2: Bool
    /// How connections end.
    public var connection: ConnectionRules

    /// Nacos 1.4.8.
    public static let nacos14 = NamingProfile(
        name: .nacos14, version: "1.4.8", identity: .addressAndCluster, wrapsErrors: true, earlyRefusal: .text,
        weightRangeStatus: 500, missingInstanceStatus: 500, namesMissingService: true, unknownBeatTellsLight: false,
        checksParameters: false, checksTimeouts: false, readsPostBody: false, timerNumber: .digitsElseDefault,
        refresh: .byQuery, nullAddress: .poisonsService, update: .upsert, documents: .nacos1,
        metadataOrder: .insertion, separatesPersistent: false, protectsByDefault: true, emptyServiceLife: nil,
        servesV2: false, connection: .tomcat)

    /// Nacos 2.5.1.
    public static let nacos25 = NamingProfile(
        name: .nacos25, version: "2.5.1", identity: .address, wrapsErrors: false, earlyRefusal: .container,
        weightRangeStatus: 400, missingInstanceStatus: 404, namesMissingService: false, unknownBeatTellsLight: true,
        checksParameters: true, checksTimeouts: true, readsPostBody: true, timerNumber: .integerElseZero,
        refresh: .byJSON, nullAddress: .isListed, update: .override, documents: .nacos2,
        metadataOrder: .javaHashMap, separatesPersistent: true, protectsByDefault: false, emptyServiceLife: 60_000,
        servesV2: true, connection: .tomcat)

    /// The profile of that name.
    public static func named(_ name: Name) -> NamingProfile {
        switch name {
        case .nacos14: .nacos14
        case .nacos25: .nacos25
        }
    }
}

extension NamingProfile: CustomStringConvertible {
    /// The profile's name, such as `2.5`.
    public var description: String { name.rawValue }
}

/// When a server ends a connection (nacos.md §10.1).
public struct ConnectionRules: Equatable, Sendable {
    /// The answer with this number carries `Connection: close`, and what is pipelined behind it is dropped.
    public var answersPerConnection: Int
    /// An answer with one of these statuses closes, too.
    public var closingStatuses: [Int]
    /// How long a connection may be silent, in ms.
    public var idleMilliseconds: Int64

    /// Rules from their parts.
    public init(answersPerConnection: Int, closingStatuses: [Int], idleMilliseconds: Int64) {
        self.answersPerConnection = answersPerConnection
        self.closingStatuses = closingStatuses
        self.idleMilliseconds = idleMilliseconds
    }

    /// Tomcat as Nacos runs it: maxKeepAliveRequests 100, its list of statuses, and the idle time as measured.
    public static let tomcat = ConnectionRules(
        answersPerConnection: 100, closingStatuses: [400, 408, 411, 413, 414, 500, 501, 503],
        idleMilliseconds: 60_000)

    func closes(_ status: Int) -> Bool { closingStatuses.contains(status) }
}

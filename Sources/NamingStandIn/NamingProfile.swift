/// What differs between the servers that the stand-in can be: facts as data, so that no handler asks for a version.
///
/// Measured facts and their sources: nacos.md §2, §4, §8, §10; the recorded traces show the bytes.
public struct NamingProfile: Equatable, Sendable {
    /// The profiles by the name that settings and people use.
    public enum Name: String, CaseIterable, Sendable {
        case nacos11 = "1.1"
        case nacos12 = "1.2"
        case nacos14 = "1.4"
        case nacos25 = "2.5"
        case nacos30 = "3.0"
        case nacos32 = "3.2"
        case rnacos = "rnacos"
    }

    /// Which program family answers.
    enum Engine: Equatable {
        /// Tomcat: empty reason phrases, chunked JSON, limits per connection.
        case tomcat
        /// actix: reason phrases, lower-case names of fields, a length on every answer.
        case actix
    }

    /// The fields that every answer of the application carries.
    enum SecurityFields: Equatable { case cors, strict }

    /// Which of the v1 naming paths are answered (nacos.md §3.4).
    enum OldPaths: Equatable {
        case all
        /// 3.0: what clients need; the operators' paths are gone (410).
        case clients
        /// 3.0 with `nacos.core.api.compatibility.client.enabled=false`: all are gone.
        case gone
        /// 3.2: 501, but for the metrics.
        case removed
    }

    /// Which of the v2 naming paths are answered.
    enum MiddlePaths: Equatable { case none, all, gone }

    /// What a beat is answered with (nacos.md §2.4).
    enum BeatAnswers: Equatable {
        /// 1.1: the interval and nothing else; every beat is full.
        case interval
        /// Interval, code and light flag; `byInstance` ignores the switch.
        case coded(byInstance: Bool)
        /// As before, keys in changing order; a light beat registers.
        case shuffled
    }

    /// How long an instance may be silent.
    enum Silence: Equatable {
        case metadata
        /// ms, whatever the metadata says.
        case fixed(unhealthyAfter: Int64, goneAfter: Int64)
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
    enum Documents: Equatable { case nacos1, nacos2, rnacos }

    /// The order of metadata keys in answers.
    enum MetadataOrder: Equatable { case insertion, javaHashMap }

    /// What people call it.
    public internal(set) var name: Name
    /// What `/v1/console/server/state` or `/v3/admin/core/state` calls the server.
    var version: String
    var engine = Engine.tomcat
    var securityFields = SecurityFields.cors
    var identity = Identity.addressAndCluster
    /// Error texts are wrapped as `caused: …;`.
    var wrapsErrors = false
    var earlyRefusal = EarlyRefusal.text
    var weightRangeStatus = 500
    var missingInstanceStatus = 500
    /// GET of one instance has a text of its own for a service that does not exist.
    var namesMissingService = true
    var beatAnswers = BeatAnswers.coded(byInstance: false)
    /// A beat of an unknown instance is answered with `lightBeatEnabled`.
    var unknownBeatTellsLight = false
    /// The parameter check of 2.3 and later (nacos.md §2.9).
    var checksParameters = false
    /// Heartbeat timeout and delete timeout must not be below the interval.
    var checksTimeouts = false
    /// A form in the body of a POST is read.
    var readsPostBody = false
    var timerNumber = TimerNumber.digitsElseDefault
    var silence = Silence.metadata
    var refresh = Refresh.byQuery
    var nullAddress = NullAddress.poisonsService
    var update = Update.upsert
    var documents = Documents.nacos1
    var metadataOrder = MetadataOrder.insertion
    /// A service holds ephemeral or persistent instances, never both.
    var separatesPersistent = false
    /// All hosts are listed as healthy when none is (protect threshold 0).
    var protectsByDefault = true
    /// How long a service without instances lives, in ms; nil for ever.
    var emptyServiceLife: Int64?
    var oldPaths = OldPaths.all
    var middlePaths = MiddlePaths.none
    /// `/v3/client` and `/v3/admin`.
    var servesV3 = false
    /// `/v1/console` and a trailing slash are served.
    var servesConsole = true
    /// `No endpoint GET /path.` in place of `No message available`.
    var namesMissingPath = false
    var unacceptable = "Could not find acceptable representation"
    /// JSON errors do not show what was sent.
    var hidesJSON = false
    /// `allIPs`, which 3.x spells another way.
    var allAddressesKey = "allIPs"
    /// A `//` in the path: the status of the refusal.
    var doubleSlashStatus = 500
    var login = LoginRules.nacos14
    /// How often the check task runs, ns (nacos.md §4.2).
    var checkPeriod: Int64 = 5_000_000_000
    /// How connections end.
    public var connection = ConnectionRules.tomcat

    var servesV2: Bool { middlePaths == .all }
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

    /// actix: no count, no closing status; 4.5 s behind an answer.
    public static let actix = ConnectionRules(
        answersPerConnection: .max, closingStatuses: [], idleMilliseconds: 4500)

    func closes(_ status: Int) -> Bool { closingStatuses.contains(status) }
}

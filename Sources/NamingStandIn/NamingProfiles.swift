/// The servers that can be played, each as what differs from one that came before it.
extension NamingProfile {
    /// Nacos 1.1, from source only: every beat is full, no login.
    public static let nacos11: NamingProfile = {
        var profile = nacos14
        profile.name = .nacos11
        profile.version = "1.1.4"
        profile.wrapsErrors = false
        profile.beatAnswers = .interval
        profile.login = .none
        return profile
    }()

    /// Nacos 1.2, from source only.
    public static let nacos12: NamingProfile = {
        var profile = nacos14
        profile.name = .nacos12
        profile.version = "1.2.1"
        profile.wrapsErrors = false
        profile.beatAnswers = .coded(byInstance: true)
        return profile
    }()

    /// Nacos 1.4.8.
    public static let nacos14: NamingProfile = {
        var profile = NamingProfile(name: .nacos14, version: "1.4.8")
        profile.wrapsErrors = true
        return profile
    }()

    /// Nacos 2.5.1.
    public static let nacos25: NamingProfile = {
        var profile = NamingProfile(name: .nacos25, version: "2.5.1")
        profile.identity = .address
        profile.earlyRefusal = .container
        profile.weightRangeStatus = 400
        profile.missingInstanceStatus = 404
        profile.namesMissingService = false
        profile.unknownBeatTellsLight = true
        profile.checksParameters = true
        profile.checksTimeouts = true
        profile.readsPostBody = true
        profile.timerNumber = .integerElseZero
        profile.refresh = .byJSON
        profile.nullAddress = .isListed
        profile.update = .override
        profile.documents = .nacos2
        profile.metadataOrder = .javaHashMap
        profile.separatesPersistent = true
        profile.protectsByDefault = false
        profile.emptyServiceLife = 60_000
        profile.middlePaths = .all
        profile.login = .nacos25
        return profile
    }()

    /// Nacos 3.0.3, whose answers 3.1 shares but for its version.
    public static let nacos30: NamingProfile = {
        var profile = nacos25
        profile.name = .nacos30
        profile.version = "3.0.3"
        profile.securityFields = .strict
        profile.oldPaths = .clients
        profile.middlePaths = .gone
        profile.servesV3 = true
        profile.servesConsole = false
        profile.namesMissingPath = true
        profile.unacceptable = "No acceptable representation"
        profile.hidesJSON = true
        profile.allAddressesKey = "allIps"
        profile.doubleSlashStatus = 400
        profile.login = .nacos30
        return profile
    }()

    /// Nacos 3.2 without the adapter for old clients, from issue threads only.
    public static let nacos32: NamingProfile = {
        var profile = nacos30
        profile.name = .nacos32
        profile.version = "3.2.0"
        profile.oldPaths = .removed
        profile.middlePaths = .none
        return profile
    }()

    /// r-nacos 0.8.8.
    public static let rnacos: NamingProfile = {
        var profile = NamingProfile(name: .rnacos, version: "0.8.8")
        profile.engine = .actix
        profile.identity = .address
        profile.beatAnswers = .shuffled
        profile.readsPostBody = true
        profile.documents = .rnacos
        // 15 s and 30 s with 3 s of grace each, the second reached and not passed.
        profile.silence = .fixed(unhealthyAfter: 17_999, goneAfter: 32_999)
        profile.login = .rnacos
        profile.checkPeriod = 2_000_000_000
        profile.connection = .actix
        return profile
    }()

    /// The profile of that name.
    public static func named(_ name: Name) -> NamingProfile {
        switch name {
        case .nacos11: .nacos11
        case .nacos12: .nacos12
        case .nacos14: .nacos14
        case .nacos25: .nacos25
        case .nacos30: .nacos30
        case .nacos32: .nacos32
        case .rnacos: .rnacos
        }
    }

    /// The same server with `nacos.core.api.compatibility.client.enabled=false`: v1 is gone (410). 3.0 only.
    public var withoutOldClients: NamingProfile {
        guard oldPaths == .clients else { return self }
        var profile = self
        profile.oldPaths = .gone
        return profile
    }
}

/// How a server asks for a login and what it says without one (nacos.md §5).
struct LoginRules: Equatable {
    /// What a login that fails is answered with.
    enum Failures: Equatable {
        /// 403 text, whatever was wrong; 500 for a parameter that is missing.
        case nacos1
        /// 403 text for a password, 500 text for a user or a parameter.
        case nacos2
        /// JSON of the container, different on the v3 path.
        case nacos3
        /// 403 text in every case.
        case rnacos
    }

    /// `/v1/auth/users/login` and `/v1/auth/login`.
    var servesV1 = true
    /// `/v3/auth/user/login`.
    var servesV3 = false
    var failures = Failures.nacos1
    /// Without a token, or with one that nobody knows.
    var unknownUser: String
    /// Behind `Code: 401, Message: ` and a full stop on 3.x.
    var badToken = "token invalid!"
    var expiredToken = "token expired!"
    /// The field `accessToken` counts.
    var takesTokenField = true
    /// `username` and `password` on any request count.
    var takesPassword = true
    /// Every path asks for a token, also those that do not exist.
    var guardsEverything = false
    var setsCookie = false
    var isAdministrator = true
    /// How long a token lasts, in s.
    var tokenLife: Int64 = 18_000

    static let none = LoginRules(servesV1: false, unknownUser: "unknown user!", takesTokenField: false)
    static let nacos14 = LoginRules(unknownUser: "unknown user!", takesTokenField: false, setsCookie: true)
    static let nacos25 = LoginRules(failures: .nacos2, unknownUser: "user not found!")
    static let nacos30 = LoginRules(
        servesV3: true, failures: .nacos3,
        unknownUser: "Code: 401, Message: User not found! Please check user exist or password is right!.",
        badToken: "Code: 401, Message: token invalid!.", expiredToken: "Code: 401, Message: token expired!.")
    static let rnacos = LoginRules(
        servesV3: true, failures: .rnacos, unknownUser: "unknown user!", badToken: "unknown user!",
        expiredToken: "unknown user!", takesPassword: false, guardsEverything: true, isAdministrator: false,
        tokenLife: 3600)
}

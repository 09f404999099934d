import HTTPWire

/// What operators switch (nacos.md §4.3).
struct Switches {
    /// The status that the traffic filter goes by (nacos.md §2.8).
    enum Status: String, CaseIterable, CustomStringConvertible {
        case up = "UP"
        case down = "DOWN"
        case starting = "STARTING"
        case paused = "PAUSED"
        case writeOnly = "WRITE_ONLY"
        case readOnly = "READ_ONLY"

        var description: String { rawValue }
    }

    /// nil until it is overridden; the server itself is always up.
    var overriddenStatus: Status?
    /// ms
    private(set) var clientBeatInterval: Int64 = 5000
    private(set) var isLightBeatEnabled = true
    /// The reply to nearly every beat, made once.
    private var standardReply: [UInt8] = []

    var status: Status { overriddenStatus ?? .up }

    init() {
        remakeReply()
    }

    mutating func setInterval(_ milliseconds: Int64) {
        clientBeatInterval = milliseconds
        remakeReply()
    }

    mutating func setLightBeat(_ isEnabled: Bool) {
        isLightBeatEnabled = isEnabled
        remakeReply()
    }

    /// Whether the traffic filter lets a v1 request through.
    func lets(_ method: HTTPMethod) -> Bool {
        switch status {
        case .up: true
        case .down, .starting, .paused: false
        case .writeOnly: method != .get
        case .readOnly: method == .get
        }
    }

    func beatReply(interval: Int64) -> [UInt8] {
        interval == clientBeatInterval ? standardReply : reply(interval)
    }

    /// r-nacos writes the keys in any order; here all six take turns.
    static let shuffledReplies: [[UInt8]] = {
        let members = ["\"code\":10200", "\"clientBeatInterval\":5000", "\"lightBeatEnabled\":true"]
        let orders = [[0, 1, 2], [1, 0, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1], [2, 1, 0]]
        return orders.map { order in Array("{\(order.map { members[$0] }.joined(separator: ","))}".utf8) }
    }()

    func unknownBeatReply(tellsLight: Bool) -> [UInt8] {
        let light = tellsLight ? ",\"lightBeatEnabled\":\(isLightBeatEnabled)" : ""
        return Array("{\"clientBeatInterval\":\(clientBeatInterval),\"code\":20404\(light)}".utf8)
    }

    private func reply(_ interval: Int64) -> [UInt8] {
        let text = "{\"clientBeatInterval\":\(interval),\"code\":10200,\"lightBeatEnabled\":\(isLightBeatEnabled)}"
        return Array(text.utf8)
    }

    private mutating func remakeReply() {
        standardReply = reply(clientBeatInterval)
    }

    /// All switches, with the values of a fresh server for those that do nothing here.
    func document(_ engine: NamingProfile.Engine) -> String {
        let end = engine == .actix ? #""checksum":null,"name":"R-NACOS"}"# : Switches.standardEnd
        let status = overriddenStatus.map { "\"\($0)\"" } ?? "null"
        return #"{"masters":null,"adWeightMap":{},"defaultPushCacheMillis":10000,"clientBeatInterval":"#
            + "\(clientBeatInterval)"
            + #","defaultCacheMillis":3000,"distroThreshold":0.7,"healthCheckEnabled":true,"#
            + #""autoChangeHealthCheckEnabled":true,"distroEnabled":true,"enableStandalone":true,"pushEnabled":true,"#
            + #""checkTimes":3,"httpHealthParams":{"max":5000,"min":500,"factor":0.85},"#
            + #""tcpHealthParams":{"max":5000,"min":1000,"factor":0.75},"#
            + #""mysqlHealthParams":{"max":3000,"min":2000,"factor":0.65},"incrementalList":[],"#
            + #""serverStatusSynchronizationPeriodMillis":2000,"serviceStatusSynchronizationPeriodMillis":5000,"#
            + #""disableAddIP":false,"sendBeatOnly":false,"lightBeatEnabled":"# + "\(isLightBeatEnabled)"
            + #","limitedUrlMap":{},"distroServerExpiredMillis":10000,"pushGoVersion":"0.1.0","#
            + #""pushJavaVersion":"0.1.0","pushPythonVersion":"0.4.3","pushCVersion":"1.0.12","#
            + #""pushCSharpVersion":"0.9.0","enableAuthentication":false,"overriddenServerStatus":"# + status
            + #","defaultInstanceEphemeral":true,"healthCheckWhiteList":[],"# + end
    }

    private static let standardEnd = #""name":"00-00---000-NACOS_SWITCH_DOMAIN-000---00-00","checksum":null}"#
}

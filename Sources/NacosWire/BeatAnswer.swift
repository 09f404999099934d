internal import BeatCore

/// The three fields of an answer to a beat (nacos.md §2.4).
struct BeatAnswer {
    /// Nil when missing, as on 1.1 servers.
    var code: Int64?
    /// Whether there is a `clientBeatInterval`, of whatever type.
    var hasInterval = false
    /// Nil when missing or no number.
    var interval: Int64?
    var lightBeatEnabled = false

    /// The instance is known, or was registered by this full beat.
    static let accepted: Int64 = 10200
    /// The instance is not known.
    static let notFound: Int64 = 20404

    /// What the answer means; nil when its code says neither, or when it has nothing of a beat's answer.
    @inline(__always)
    var reply: NacosReply? {
        switch code {
        case BeatAnswer.accepted:
            .beatAccepted(interval: interval, lightBeatEnabled: lightBeatEnabled)
        case BeatAnswer.notFound:
            .notFound(interval: interval, lightBeatEnabled: lightBeatEnabled)
        case nil where hasInterval:
            .beatAccepted(interval: interval, lightBeatEnabled: lightBeatEnabled)
        default:
            nil
        }
    }
}

/// The nine fields of Nacos' `BeatInfo` (nacos.md §1.2), as a full beat carries them.
public struct BeatInfo: Equatable, Sendable {
    /// 1…65535.
    public var port: UInt16
    /// As registered.
    public var ip: String
    /// 0…10000.
    public var weight: Double
    /// Always `group@@service`: servers from 2.0 on refresh the instance that this name, not the query's, points to.
    public var serviceName: String
    /// The cluster's name.
    public var cluster: String
    /// As sent to Nacos: with the period when the client gave one.
    public var metadata: StringMap
    /// Always false on the wire, in every version of the Java client.
    public var scheduled: Bool
    /// Milliseconds between beats.
    public var period: Int64
    /// True after `removeBeatInfo`; such a beat is never sent.
    public var stopped: Bool

    /// The beat info of a registration, as the classic `buildBeatInfo` makes it.
    public init(_ document: RegistrationDocument, period: Duration, stopped: Bool = false) {
        port = document.key.port
        ip = document.key.ip
        weight = document.weight
        serviceName = document.key.groupedServiceName
        cluster = document.key.clusterName
        metadata = document.wireMetadata
        scheduled = false
        self.period = period.wholeMilliseconds
        self.stopped = stopped
    }
}

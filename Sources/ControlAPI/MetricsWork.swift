internal import BeatCore

/// The metrics page under way.
struct MetricsWork: Sendable {
    enum Stage: Sendable {
        /// The rows of the table are looked at, from this slot on.
        case scanning(from: Int32)
        /// The metrics are written, one after another, those with many samples in portions.
        case writing(family: Int, from: Int)
    }

    let format: MetricsText.Format
    /// With what the shell sampled at the begin.
    var sampler: MetricSampler
    var stage = Stage.scanning(from: 0)
    var bytes: [UInt8] = []

    init(format: MetricsText.Format, sampler: MetricSampler) {
        self.format = format
        self.sampler = sampler
        // A scrape with three servers; it grows when there is more.
        bytes.reserveCapacity(128 << 10)
    }

    /// The bytes, which are not kept here: they are appended to in place.
    mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}

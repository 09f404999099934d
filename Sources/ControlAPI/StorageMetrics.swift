public import BeatCore

/// Transactions of the storage thread.
public struct StorageMetrics: Sendable {
    /// Label `result` of `beatd_storage_transactions_total`.
    public enum ResultLabel: UInt8, MetricLabel {
        /// Durable.
        case ok
        /// Not stored; opening the database anew in vain counts too.
        case error

        /// The value as it stands in metrics.
        public var label: StaticString {
            switch self {
            case .ok: "ok"
            case .error: "error"
            }
        }
    }

    /// A histogram of each result.
    public struct Durations: Sendable {
        private var histograms = Array(
            repeating: BucketHistogram(bounds: MetricBuckets.storage), count: ResultLabel.allCases.count)

        init() {}

        /// How long transactions with this result took.
        public subscript(_ result: ResultLabel) -> BucketHistogram {
            get { histograms[Int(result.rawValue)] }
            set { histograms[Int(result.rawValue)] = newValue }
        }
    }

    /// How long transactions took, by their result.
    public var durations = Durations()
    /// Bytes on the disk, write-ahead log included; 0 when nothing is stored.
    public var sizeBytes = 0

    /// None.
    public init() {}
}

extension MetricBuckets {
    /// Commits: a fast disk syncs within a millisecond, and writes are refused after 800 ms.
    public static let storage: [Int64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 100_000_000, 250_000_000, 800_000_000,
        3_000_000_000,
    ]
}

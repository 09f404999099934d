/// A Prometheus histogram: how many values were not above each of a few fixed limits, since the start of the process.
public struct BucketHistogram: Sendable {
    /// The limits, nanoseconds, ascending, each one inclusive (`le`); above the last one is `+Inf`.
    public let bounds: [Int64]
    /// Values per bucket, not added up; the last one is what lies above all bounds.
    private var counts: [UInt64]
    private var total: Int128 = 0
    /// What came last and is not in `counts` yet.
    private var run = ValueRun()

    /// A histogram without values. It is a programmer error to give no bounds, or any that do not ascend.
    public init(bounds: [Int64]) {
        precondition(!bounds.isEmpty, "a histogram needs a bound")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must ascend: \(bounds)")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts one value, nanoseconds; a negative one counts as 0.
    public mutating func record(_ value: Int64) {
        if run.takes(value) { return }
        settle()
        run = ValueRun(value)
    }

    /// Puts the run where it belongs.
    private mutating func settle() {
        guard run.times > 0 else { return }
        let value = max(0, run.value)
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts[index] += UInt64(run.times)
        total += Int128(value) * Int128(run.times)
        run = ValueRun()
    }

    private var settled: BucketHistogram {
        var copy = self
        copy.settle()
        return copy
    }

    /// Adds all values of `other`, which must have the same bounds.
    public mutating func merge(_ other: BucketHistogram) {
        precondition(bounds == other.bounds, "bounds differ: \(bounds) and \(other.bounds)")
        let other = other.settled
        for index in 0..<counts.count { counts[index] += other.counts[index] }
        total += other.total
    }

    /// How many values were recorded (`_count`, and the `+Inf` bucket).
    public var count: UInt64 { counts.reduce(UInt64(run.times), +) }

    /// The sum of all values in seconds (`_sum`).
    public var sumSeconds: Double { Double(settled.total) / 1_000_000_000 }

    /// Values not above each bound, in the order of the bounds; then `+Inf`, which is `count`.
    public var cumulativeCounts: [UInt64] {
        var seen: UInt64 = 0
        return settled.counts.map { here in
            seen += here
            return seen
        }
    }
}

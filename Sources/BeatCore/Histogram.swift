/// Counts of durations in log-linear classes (as HdrHistogram does), for quantiles with a relative error of at most
/// 0.8 %.
///
/// Values below 128 ns have a class each, every octave above has 64, up to 2^42 ns (73 minutes), where the last class
/// takes the rest; the maximum is kept exactly. Recording is O(1) and allocates nothing. One histogram is 9.5 KB.
public struct Histogram: Equatable, Sendable {
    /// 2^7 values with a class of their own, so that a class is never wider than 1/64 of what it holds and its middle
    /// never further off than 1/128.
    private static let linearBits = 7
    private static let linearCount = 1 << linearBits
    private static let classesPerOctave = linearCount / 2
    /// Gaps of more than an hour are told apart by the maximum alone.
    private static let valueBits = 42
    private static let classCount = linearCount + (valueBits - linearBits) * classesPerOctave

    /// Bytes that the counts take.
    public static let memory = classCount * MemoryLayout<UInt32>.stride

    /// A class stays at its largest count instead of overflowing: at 200 000 values a second, six hours in one class.
    private var counts: [UInt32]

    /// How many values were recorded.
    public private(set) var count: Int64 = 0
    /// The largest value, nanoseconds; 0 when there is none.
    public private(set) var max: Int64 = 0
    private var total: Int128 = 0

    /// A histogram without values.
    public init() {
        counts = Array(repeating: 0, count: Histogram.classCount)
    }

    /// The sum of all values, nanoseconds.
    public var sum: Double { Double(total) }

    /// Counts a value, nanoseconds, that was seen `times` times; a negative one counts as 0.
    public mutating func record(_ value: Int64, times: UInt32 = 1) {
        let value = Swift.max(0, value)
        let index = Histogram.index(of: value)
        let (sum, overflow) = counts[index].addingReportingOverflow(times)
        counts[index] = overflow ? .max : sum
        count += Int64(times)
        total += Int128(value) * Int128(times)
        if value > max { max = value }
    }

    /// Adds all values of `other`.
    public mutating func merge(_ other: Histogram) {
        guard other.count > 0 else { return }
        for index in 0..<counts.count {
            let (sum, overflow) = counts[index].addingReportingOverflow(other.counts[index])
            counts[index] = overflow ? .max : sum
        }
        count += other.count
        total += other.total
        max = Swift.max(max, other.max)
    }

    /// Forgets all values, keeping the memory.
    public mutating func reset() {
        guard count > 0 else { return }
        for index in 0..<counts.count { counts[index] = 0 }
        count = 0
        total = 0
        max = 0
    }

    /// The smallest value such that a share `q` (0…1) of all values is not above it, nanoseconds, within 0.8 % below
    /// 73 minutes; 1 gives the maximum exactly. Nil when there is no value.
    public func quantile(_ q: Double) -> Int64? {
        precondition(q >= 0 && q <= 1, "a quantile is 0…1, not \(q)")
        guard count > 0 else { return nil }
        let share = q * Double(count)
        // Rounded up by hand: `rounded` would make this target link libm.
        let rank = Swift.max(1, Int64(share) + (Double(Int64(share)) < share ? 1 : 0))
        if rank >= count { return max }
        var seen: Int64 = 0
        for (index, here) in counts.enumerated() where here > 0 {
            seen += Int64(here)
            if seen >= rank { return Swift.min(max, Histogram.middle(of: index)) }
        }
        return max
    }

    private static func index(of value: Int64) -> Int {
        if value < linearCount { return Int(value) }
        if value >= 1 << valueBits { return classCount - 1 }
        let octave = (63 - value.leadingZeroBitCount) - linearBits
        let step = Int(value >> (octave + 1)) - classesPerOctave
        return linearCount + octave * classesPerOctave + step
    }

    /// The value in the middle of a class.
    private static func middle(of index: Int) -> Int64 {
        if index < linearCount { return Int64(index) }
        let octave = (index - linearCount) / classesPerOctave
        let step = classesPerOctave + (index - linearCount) % classesPerOctave
        let width = Int64(1) << (octave + 1)
        return Int64(step) * width + width / 2
    }
}

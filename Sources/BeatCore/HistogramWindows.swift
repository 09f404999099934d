/// A histogram of the last minute and one of the last five, for numbers that people look at.
///
/// Each window is a ring of parts that are forgotten whole: the minute covers the last 50 to 60 s, the five minutes the
/// last 270 to 300 s. A value is recorded once, in the newest part of the minute; when that is over, it is added to the
/// part of the five minutes that it belongs to. Recording is O(1) and allocates nothing. One of these is 16 histograms,
/// 152 KB.
public struct WindowedHistogram: Sendable {
    /// A span of time that is kept.
    public enum Window: CaseIterable, Sendable {
        case oneMinute, fiveMinutes
    }

    private var minute = HistogramRing(parts: 6, partNanoseconds: 10_000_000_000)
    private var fiveMinutes = HistogramRing(parts: 10, partNanoseconds: 30_000_000_000)

    /// Windows without values.
    public init() {}

    /// Counts one value, nanoseconds, that was seen at `nanoseconds` on the monotonic clock. Time never runs back; a
    /// value from before the newest part is counted in it.
    public mutating func record(_ value: Int64, at nanoseconds: Int64) {
        if nanoseconds >= minute.newestEnd, let ended = minute.newest {
            fiveMinutes.add(ended.part, at: ended.begin)
        }
        minute.record(value, at: nanoseconds)
    }

    /// The values of a window that ends now. Costs a merge of its parts, about 10 µs.
    public func window(_ window: Window, at nanoseconds: Int64) -> Histogram {
        switch window {
        case .oneMinute: return minute.merged(at: nanoseconds)
        case .fiveMinutes:
            guard let current = minute.newest else { return Histogram() }
            var all = fiveMinutes
            all.add(current.part, at: current.begin)
            return all.merged(at: nanoseconds)
        }
    }
}

/// Histograms of successive parts of time; a part is emptied when its place comes round again.
struct HistogramRing: Sendable {
    private let partNanoseconds: Int64
    private var parts: [Histogram]
    /// The number of the part of time that each place holds.
    private var numbers: [Int64]
    private var newestNumber = Int64.min
    /// Where the newest part is, and when it ends: most values fall into it, and no division is needed to know.
    private var newestPlace = 0
    private(set) var newestEnd = Int64.min
    /// What came last and is not in the newest part yet.
    private var run = ValueRun()

    init(parts: Int, partNanoseconds: Int64) {
        self.partNanoseconds = partNanoseconds
        self.parts = (0..<parts).map { _ in Histogram() }
        numbers = Array(repeating: Int64.min, count: parts)
    }

    mutating func record(_ value: Int64, at nanoseconds: Int64) {
        if nanoseconds < newestEnd, run.takes(value) { return }
        settle()
        if nanoseconds >= newestEnd { begin(number(at: nanoseconds)) }
        run = ValueRun(value)
    }

    /// Puts the run into the newest part.
    private mutating func settle() {
        guard run.times > 0 else { return }
        parts[newestPlace].record(run.value, times: run.times)
        run = ValueRun()
    }

    private var settled: HistogramRing {
        var copy = self
        copy.settle()
        return copy
    }

    /// Adds a whole histogram of values from `nanoseconds` on, which is not before the newest part.
    mutating func add(_ histogram: Histogram, at nanoseconds: Int64) {
        settle()
        if nanoseconds >= newestEnd { begin(number(at: nanoseconds)) }
        parts[newestPlace].merge(histogram)
    }

    /// The part that values are recorded in now, and when it began; nil before the first one.
    var newest: (part: Histogram, begin: Int64)? {
        newestNumber == .min ? nil : (settled.parts[newestPlace], newestEnd - partNanoseconds)
    }

    private mutating func begin(_ number: Int64) {
        newestNumber = number
        newestEnd = (number + 1) * partNanoseconds
        newestPlace = place(of: number)
        numbers[newestPlace] = number
        parts[newestPlace].reset()
    }

    func merged(at nanoseconds: Int64) -> Histogram {
        let now = max(newestNumber, number(at: nanoseconds))
        var sum = Histogram()
        let parts = settled.parts
        for (place, number) in numbers.enumerated() where number > now - Int64(parts.count) && number <= now {
            sum.merge(parts[place])
        }
        return sum
    }

    private func number(at nanoseconds: Int64) -> Int64 {
        precondition(nanoseconds >= 0, "the monotonic clock is never negative: \(nanoseconds)")
        return nanoseconds / partNanoseconds
    }

    private func place(of number: Int64) -> Int { Int(number % Int64(parts.count)) }
}

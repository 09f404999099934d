import BeatCore
import TestSupport
import Testing

private let second: Int64 = 1_000_000_000

extension SplitMix {
    /// Spread evenly over magnitudes, as latencies are, from 0 to 2^41 ns.
    fileprivate mutating func duration() -> Int64 {
        Int64(next() >> (64 - UInt64.random(in: 1...41, using: &self)))
    }
}

private func filled(_ values: [Int64]) -> Histogram {
    var histogram = Histogram()
    for value in values { histogram.record(value) }
    return histogram
}

@Suite struct HistogramTests {
    static let quantiles = [0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]

    @Test func quantilesAreThoseOfTheSortedValuesWithinOnePercent() throws {
        for seed in 0..<20 as Range<UInt64> {
            var generator = SplitMix(seed: seed)
            let values = (0..<5000).map { _ in generator.duration() }
            let sorted = values.sorted()
            let histogram = filled(values)
            for q in HistogramTests.quantiles {
                let exact = sorted[max(0, Int((q * Double(sorted.count)).rounded(.up)) - 1)]
                let estimate = try #require(histogram.quantile(q))
                let error = Double((estimate - exact).magnitude)
                #expect(error <= 0.0079 * Double(exact), "seed \(seed), q \(q): \(estimate) for \(exact)")
            }
            #expect(histogram.quantile(1) == sorted.last)
            #expect(histogram.max == sorted.last)
            #expect(histogram.count == 5000)
            #expect(histogram.sum == values.map(Double.init).reduce(0, +))
        }
    }

    /// Every value, at the edges of all classes, is told within the error by a histogram that holds it and a larger one.
    @Test func tellsTheEdgesOfAllClasses() throws {
        var values: [Int64] = Array(0...300)
        for bit in 8..<42 {
            for step in 0..<64 as Range<Int64> {
                let edge = (Int64(1) << Int64(bit)) + (step << Int64(bit - 6))
                values += [edge - 1, edge, edge + 1]
            }
        }
        for value in values where value < 1 << 42 {
            var histogram = Histogram()
            histogram.record(value)
            histogram.record(.max)
            let estimate = try #require(histogram.quantile(0.5))
            #expect(Double((estimate - value).magnitude) <= 0.0079 * Double(value), "\(estimate) for \(value)")
        }
    }

    @Test func takesWhatIsOutOfRange() {
        #expect(filled([-5]).quantile(0.5) == 0)
        #expect(filled([-5]).sum == 0)
        let huge = filled([.max, .max, .max])
        #expect(huge.max == .max)
        #expect(huge.quantile(1) == .max)
        #expect(huge.sum == 3 * Double(Int64.max))
        #expect((huge.quantile(0.5) ?? 0) > 4_300 * second)
    }

    @Test func anEmptyOneHasNoQuantiles() {
        let empty = Histogram()
        #expect(empty.quantile(0.5) == nil)
        #expect(empty.count == 0)
        #expect(empty.max == 0)
        #expect(empty.sum == 0)
        #expect(Histogram.memory == 9472)
    }

    @Test func mergingEqualsRecordingTogether() {
        var generator = SplitMix(seed: 3)
        let one = (0..<1000).map { _ in generator.duration() }
        let other = (0..<1000).map { _ in generator.duration() }
        var merged = filled(one)
        merged.merge(filled(other))
        #expect(merged == filled(one + other))
        merged.merge(Histogram())
        #expect(merged == filled(one + other))
        merged.reset()
        #expect(merged == Histogram())
    }
}

@Suite struct WindowedHistogramTests {
    @Test func forgetsWhatIsOlderThanTheWindow() {
        var windows = WindowedHistogram()
        for now in 0..<600 as Range<Int64> {
            windows.record(now, at: now * second)
            let minute = windows.window(.oneMinute, at: now * second)
            let five = windows.window(.fiveMinutes, at: now * second)
            // Ten-second parts: at 599 s the minute began at 540 s; at 600 s it begins at 550 s.
            #expect(minute.count == min(now + 1, 50 + now % 10 + 1))
            #expect(five.count == min(now + 1, 270 + now % 30 + 1))
            #expect(minute.max == now)
        }
        #expect(windows.window(.oneMinute, at: 600 * second).count == 50)
        #expect(windows.window(.oneMinute, at: 649 * second).count == 10)
        #expect(windows.window(.oneMinute, at: 650 * second).count == 0)
        #expect(windows.window(.fiveMinutes, at: 650 * second).count == 240)
        #expect(windows.window(.fiveMinutes, at: 100_000 * second).count == 0)
    }

    @Test func aValueThatRepeatsCountsInEachPartThatItCameIn() {
        var windows = WindowedHistogram()
        for now in 0..<700 as Range<Int64> {
            for _ in 0..<3 { windows.record(now < 650 ? 7 : now, at: now * second) }
            let minute = windows.window(.oneMinute, at: now * second)
            #expect(minute.count == 3 * min(now + 1, 50 + now % 10 + 1))
            #expect(windows.window(.fiveMinutes, at: now * second).count == 3 * min(now + 1, 270 + now % 30 + 1))
            #expect(now >= 650 || minute.sum == Double(7 * minute.count))
        }
        #expect(windows.window(.oneMinute, at: 749 * second).count == 30)
    }

    @Test func aPauseOfWholeRoundsLeavesNothingOld() {
        var windows = WindowedHistogram()
        windows.record(1, at: 5 * second)
        windows.record(2, at: 5 * second + 60 * second)
        #expect(windows.window(.oneMinute, at: 65 * second).count == 1)
        #expect(windows.window(.oneMinute, at: 65 * second).max == 2)
        windows.record(3, at: 5 * second + 600 * second)
        #expect(windows.window(.fiveMinutes, at: 605 * second).max == 3)
        #expect(windows.window(.fiveMinutes, at: 605 * second).count == 1)
    }

    @Test func aLateValueCountsInTheNewestPart() {
        var windows = WindowedHistogram()
        windows.record(1, at: 100 * second)
        windows.record(2, at: 89 * second)
        #expect(windows.window(.oneMinute, at: 100 * second).count == 2)
        #expect(windows.window(.oneMinute, at: 150 * second).count == 2)
        #expect(windows.window(.oneMinute, at: 160 * second).count == 0)
    }
}

@Suite struct BucketHistogramTests {
    @Test func countsByInclusiveLimits() {
        var histogram = BucketHistogram(bounds: [second, 3 * second, 5 * second])
        #expect(histogram.cumulativeCounts == [0, 0, 0, 0])
        for value in [0, second, second + 1, 3 * second, 5 * second, 5 * second + 1, -1] { histogram.record(value) }
        #expect(histogram.cumulativeCounts == [3, 5, 6, 7])
        #expect(histogram.count == 7)
        #expect(histogram.sumSeconds == 15.000000002)
    }

    @Test func countsValuesThatRepeatWhereverTheyAreRead() {
        var histogram = BucketHistogram(bounds: [1, 10])
        for value in [5, 5, 5, 0, 0, 20, 5, 5] as [Int64] { histogram.record(value) }
        #expect(histogram.cumulativeCounts == [2, 7, 8])
        #expect(histogram.count == 8)
        #expect(histogram.sumSeconds == 45e-9)
        var other = BucketHistogram(bounds: [1, 10])
        other.record(5)
        other.merge(histogram)
        other.record(5)
        #expect(other.cumulativeCounts == [2, 9, 10])
        #expect(histogram.cumulativeCounts == [2, 7, 8])
    }

    @Test func mergesAndDoesNotOverflow() {
        var histogram = BucketHistogram(bounds: [1])
        for _ in 0..<100 { histogram.record(.max) }
        var other = histogram
        other.merge(histogram)
        #expect(other.count == 200)
        #expect(other.cumulativeCounts == [0, 200])
        #expect(other.sumSeconds == Double(Int128(Int64.max) * 200) / 1e9)
    }
}

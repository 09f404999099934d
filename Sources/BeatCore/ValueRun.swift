/// A value that came several times in a row: the beats of one write are answered in one read and took the same time, to
/// the nanosecond, so all but the first of them cost a comparison.
struct ValueRun {
    private(set) var value: Int64 = 0
    private(set) var times: UInt32 = 0

    init() {}

    init(_ value: Int64) {
        self.value = value
        times = 1
    }

    /// True when the value continues the run, and is counted in it.
    @inline(__always)
    mutating func takes(_ value: Int64) -> Bool {
        guard value == self.value, times > 0, times < .max else { return false }
        times += 1
        return true
    }
}

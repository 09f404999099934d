/// How fast each client address may write: a token bucket each, refilled by time (`--write-rate`).
struct WriteRate {
    private struct Bucket {
        var tokens: Double
        var at: Int64
    }

    /// Writes per second; 0 switches the limit off.
    private let rate: Double
    private var buckets: [String: Bucket] = [:]

    init(perSecond: Int) { rate = Double(perSecond) }

    /// Nil when the write may go ahead, else the seconds until one may.
    mutating func admit(_ peer: String, at now: Int64) -> Int? {
        guard rate > 0 else { return nil }
        let burst = rate * 2
        var bucket = buckets[peer] ?? Bucket(tokens: burst, at: now)
        bucket.tokens = min(burst, bucket.tokens + Double(now - bucket.at) / 1e9 * rate)
        bucket.at = now
        let admitted = bucket.tokens >= 1
        if admitted { bucket.tokens -= 1 }
        if buckets[peer] == nil, buckets.count >= HTTPServerLimits.rateBuckets { forgetFullest(at: now) }
        buckets[peer] = bucket
        return admitted ? nil : max(1, Int((1 - bucket.tokens) / rate))
    }

    /// An address that has not written for two seconds has a full bucket: forgetting it changes nothing.
    private mutating func forgetFullest(at now: Int64) {
        buckets = buckets.filter { now - $0.value.at < 2_000_000_000 }
        if buckets.count >= HTTPServerLimits.rateBuckets { buckets.removeAll() }
    }
}

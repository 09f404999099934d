internal import BeatCore

/// What the reactor will expose itself.
extension BeatReactor {
    var latency: WindowedHistogram { WindowedHistogram() }
    var lateness: WindowedHistogram { WindowedHistogram() }
    var gap: WindowedHistogram { WindowedHistogram() }
    var latencyBuckets: (ok: BucketHistogram, error: BucketHistogram) {
        (BucketHistogram(bounds: [1]), BucketHistogram(bounds: [1]))
    }
    var latenessBuckets: BucketHistogram { BucketHistogram(bounds: [1]) }
    var gapBuckets: BucketHistogram { BucketHistogram(bounds: [1]) }
}

internal import BeatCore

/// Which of a pool's connections to use. By position and in one pass: with 128 connections, several passes that hold each
/// cost more than the beat.
extension [NacosConnection] {
    /// The idle connections, the one that was used last at the end: taken from there, those that are not needed stay idle
    /// and end. For all writes of a burst, each of which would look at all connections.
    func idle(_ learned: inout LearnedLimits, at now: Instant) -> [NacosConnection] {
        var found: [(since: Instant, position: Int)] = []
        for position in indices where isIdle(position, &learned, at: now) {
            found.append((self[position].idleSince, position))
        }
        found.sort { $0.since < $1.since }
        return found.map { self[$0.position] }
    }

    /// The idle connection that was used last.
    func lastIdle(_ learned: inout LearnedLimits, at now: Instant) -> NacosConnection? {
        var best = -1
        for position in indices where isIdle(position, &learned, at: now) {
            if best < 0 || self[best].idleSince < self[position].idleSince { best = position }
        }
        return best < 0 ? nil : self[best]
    }

    /// Whether it has nothing to do, takes a request, and has not been so for longer than its server is known to keep it.
    private func isIdle(_ position: Int, _ learned: inout LearnedLimits, at now: Instant) -> Bool {
        guard self[position].load == 0, self[position].room(within: learned.requests) > 0 else { return false }
        let age = now.nanoseconds(since: self[position].idleSince)
        guard age > learned.idle else { return true }
        learned.stands(idle: age)
        return false
    }

    /// The connection with the fewest beats on it, below `depth`, that takes another one. One that stands is better than
    /// one that does not yet, which takes a round trip more.
    func leastLoaded(below depth: Int, _ learned: LearnedLimits) -> NacosConnection? {
        var standing = -1, standingLoad = depth
        var opening = -1, openingLoad = depth
        for position in indices {
            let load = self[position].load
            if self[position].isConnected {
                guard load < standingLoad, takesBeats(position, learned) else { continue }
                (standing, standingLoad) = (position, load)
            } else {
                guard load < openingLoad, takesBeats(position, learned) else { continue }
                (opening, openingLoad) = (position, load)
            }
        }
        if standing >= 0 { return self[standing] }
        return opening >= 0 ? self[opening] : nil
    }

    private func takesBeats(_ position: Int, _ learned: LearnedLimits) -> Bool {
        !self[position].isExclusive && self[position].room(within: learned.requests) > 0
    }

    /// The connections that are not nearly used up, and those that do not stand yet.
    func count(_ learned: LearnedLimits) -> (fresh: Int, opening: Int) {
        var (fresh, opening) = (0, 0)
        for position in indices {
            if self[position].room(within: learned.requests) >= learned.fresh { fresh += 1 }
            if !self[position].isConnected { opening += 1 }
        }
        return (fresh, opening)
    }
}

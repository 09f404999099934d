// Trouble that the nodes of a cluster have with one another (nacos.md §4.6).
extension BeatReactor {
    /// A node could not hand a request on to the owner of the instance. Nothing is wrong with the instance, nor with
    /// the node, and no other node would do better: the same is asked again, in peace, until the nodes agree.
    ///
    /// A beat that took long is not repeated when its answer would come behind the next beat's time.
    mutating func clusterTrouble(
        _ exchange: Exchange, _ detail: String, took: Duration, at now: Instant, into effects: inout [Effect]
    ) {
        let slot = exchange.slot
        details[slot] = "cluster trouble: \(detail)"
        if !table.rows[Int(slot)].isTroubled {
            table.rows[Int(slot)].isTroubled = true
            troubled += 1
            if troubled == 1 { effects.append(.log(.clusterTrouble(exchange.server, detail: detail))) }
        }
        table.rows[Int(slot)].attempt.outcome = .clusterTrouble
        table.rows[Int(slot)].attempt.retryReason = .httpError
        noteTrouble(slot, at: now, into: &effects)
        wait(slot, exchange.kind, until: now + Backoff.clusterTrouble, spare: took, at: now, into: &effects)
    }

    /// The registration got through, or is gone. True when trouble of the cluster had held it up.
    @discardableResult
    mutating func endTrouble(_ slot: Int32, into effects: inout [Effect]) -> Bool {
        guard table.rows[Int(slot)].isTroubled else { return false }
        table.rows[Int(slot)].isTroubled = false
        troubled -= 1
        if troubled == 0 { effects.append(.log(.clusterWell)) }
        return true
    }
}

// Trouble that the nodes of a cluster have with one another (nacos.md §4.6).
extension BeatReactor {
    /// A node could not hand a request on to the owner of the instance. Nothing is wrong with the instance, nor with
    /// the node: the same is asked again, in peace, until the nodes agree. No other node is asked at once, as most often
    /// all say the same; but the next attempt goes to another one, which may see more of the cluster.
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
        answerAsked(slot, accepted: false, into: &effects)
        wait(slot, exchange.kind, until: now + Backoff.clusterTrouble, spare: took, at: now, into: &effects)
        table.rows[Int(slot)].attempt.tried = askedInVain(slot, exchange.server)
    }

    /// The server that the next attempt passes over, as a bit mask: the one that told of trouble last.
    func askedInVain(_ slot: Int32, _ server: ServerIndex) -> UInt32 {
        let row = table.rows[Int(slot)]
        guard row.isTroubled, servers.count > 1, row.attempt.dialect == .v1, server != Row.noServer else { return 0 }
        return 1 << UInt32(server)
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

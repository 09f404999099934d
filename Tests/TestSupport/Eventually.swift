import Glibc

/// Waits until `condition` holds, by asking again and again, and says whether it came to hold within `limit`.
///
/// There is no sleep in it: between two questions it calls `pump`, which should do the work that brings the condition
/// about, one turn of an event loop for instance. Without one it gives the core to other threads and processes.
///
/// ```swift
/// #expect(eventually(pump: { loop.turn() }) { server.connections == 0 })
/// ```
/// - Parameter limit: how long to go on; generous, because it is only reached when the test fails.
public func eventually<Failure: Error>(
    within limit: Duration = .seconds(10), pump: () throws(Failure) -> Void,
    _ condition: () throws(Failure) -> Bool
) throws(Failure) -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if try condition() { return true }
        if ContinuousClock.now >= end { return false }
        try pump()
    }
}

/// Waits for what other threads or processes bring about; see ``eventually(within:pump:_:)``.
public func eventually<Failure: Error>(
    within limit: Duration = .seconds(10), _ condition: () throws(Failure) -> Bool
) throws(Failure) -> Bool {
    try eventually(within: limit, pump: { () throws(Failure) in _ = sched_yield() }, condition)
}

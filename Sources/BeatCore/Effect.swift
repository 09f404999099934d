/// What leaves the core: data that the shell performs.
///
/// What is larger than an exchange lies elsewhere (`indirect`), since by far most effects are a beat's `send`.
public enum Effect: Equatable, Sendable {
    /// Ask a server; the shell answers with exactly one `Input.replied` or `Input.failed`.
    case send(Exchange)
    /// The exchange is no longer wanted: if nothing of it is written yet it must not be, and fails as `.aborted`;
    /// if it is on the wire its answer is awaited, and it must not be sent a second time.
    case cancel(Exchange)
    /// Ask a server which dialect it speaks; the shell answers with exactly one `Input.probed`.
    case probe(ServerIndex)
    /// This place is that of the server with this name from now on: a new one, or one that comes back to its place.
    /// Nothing of another server is in flight there any more.
    case addServer(ServerIndex, name: String)
    /// The server is no longer in the list: nothing new is sent there, and what is in flight ends as usual.
    case retireServer(ServerIndex)
    /// Look for an instance at a node; the shell answers with exactly one `Input.verified`.
    indirect case verify(InstanceReading)
    /// Log in, at whichever server answers; the shell answers with exactly one `Input.loginEnded`.
    case login
    /// Run a check; the shell answers with exactly one `Input.checkFinished`.
    indirect case runCheck(CheckRun)
    /// Make a change durable; the shell answers with `Input.stored` or `Input.storeFailed`. Numbers rise by one.
    indirect case store(StoreChange, number: UInt64)
    /// Open the database anew; the shell answers with `Input.storageReopened` or `Input.storeFailed`.
    case reopenStorage
    /// Answer a request of the API.
    indirect case answer(RequestToken, Answer)
    /// Tell those who follow.
    indirect case publish(Event)
    /// Write a line.
    indirect case log(LogEvent)
    /// Nothing is left to do after `Input.drain`.
    case finish
}

/// The answer to a write.
public enum Answer: Equatable, Sendable {
    /// A new registration; `confirmed` as in `updated`.
    case created(RegistrationHandle, confirmed: Confirmation)
    /// An existing registration with a changed document.
    case updated(RegistrationHandle, confirmed: Confirmation)
    /// An existing registration with the document that it had.
    case unchanged(RegistrationHandle, confirmed: Confirmation)
    /// `mustCreate` was asked and the registration exists.
    case exists(RegistrationHandle)
    /// The limit on registrations is reached.
    case tooManyRegistrations(limit: Int)
    /// Another key has the same id (a collision of 64 bits).
    case keyConflict
    /// The key is registered under another id, that of this registration.
    case keyHeld(RegistrationHandle)
    /// The id is that of this registration, which has another key.
    case idHeld(RegistrationHandle)
    /// The answers to a batch's operations, in their order.
    case batch([Answer])
    /// An atomic batch of which nothing was done, for these operations could not be.
    case refused([BatchFault])
    /// beatd is shutting down.
    case draining
    /// The change cannot be made durable, or it is not known whether it is.
    case storageUnavailable
    /// The registration is gone, from here and from Nacos (or it was never there, or was to be left to expire).
    case removed
    /// The registration is gone from here, Nacos has not confirmed yet: its tombstone.
    case removing(RegistrationHandle)
    /// No such registration.
    case notFound
    /// The `ttl` checks of the registration are renewed.
    case renewed
    /// The registration has no `ttl` check to renew.
    case noTTLCheck
    /// Where the drain stands.
    case drained(DrainReport)
    /// A drain is under way, with these options.
    case drainUnderWay(DrainOptions)
    /// Maintenance of the registration, or (nil) of the whole sidecar, has begun or ended.
    case maintained(RegistrationHandle?)
    /// The beat that was asked for was accepted.
    case beaten(RegistrationHandle, AttemptView)
    /// The beat that was asked for was not accepted, for now: with the attempt that ended last, nil when no server
    /// could be asked.
    case notBeaten(RegistrationHandle, AttemptView?)
    /// Beats of this registration were asked for too fast.
    case beatTooSoon(retryAfter: Duration)
}

/// What is known of Nacos' side when a write is answered.
public enum Confirmation: Equatable, Sendable {
    /// Nobody asked to wait for it.
    case notAwaited
    /// Nacos has accepted this very document.
    case accepted
    /// Nacos has not accepted within the wait; beatd goes on trying.
    case pending
    /// Nacos refused: its status and text.
    case rejected(status: Int, detail: String)
}

/// A change worth a line in the log. One per change of state, none per beat.
public enum LogEvent: Equatable, Sendable {
    case addingBeat(key: InstanceKey, id: String)
    case updatingBeat(key: InstanceKey, id: String, generation: UInt32)
    case removingBeat(key: InstanceKey, id: String)
    case registered(key: InstanceKey, server: ServerIndex)
    case registerRejected(key: InstanceKey, server: ServerIndex, status: Int, detail: String)
    case deregistered(key: InstanceKey, result: DeregisterResult)
    case instanceNotFound(key: InstanceKey, server: ServerIndex)
    case beatFailing(key: InstanceKey, server: ServerIndex, outcome: BeatOutcome, detail: String)
    case beatRecovered(key: InstanceKey, server: ServerIndex, failures: Int)
    case serverDown(ServerIndex, detail: String)
    case serverUp(ServerIndex)
    /// The first registration that trouble of the cluster holds up; and the last one is through.
    case clusterTrouble(ServerIndex, detail: String)
    case clusterWell
    /// Another node does not list what one node has taken.
    case instanceStrayed(key: InstanceKey, server: ServerIndex, reader: ServerIndex)
    case dialectFound(ServerIndex, Dialect, version: String?)
    case serverListChanged(names: [String], added: Int, removed: Int)
    case serverListIgnored(servers: Int, reason: ServerListFault)
    case loginFailed(detail: String)
    case loginRecovered
    case checkChanged(key: InstanceKey, id: String, output: String, kind: Check.Kind, verdict: CheckVerdict)
    /// Begun, or (nil) ended.
    case maintenance(key: InstanceKey, id: String, reason: String, mode: Maintenance.Mode?)
    /// Begun, or (nil) ended, for the whole sidecar.
    case sidecarMaintenance(reason: String, mode: Maintenance.Mode?)
    case drainBegun(registrations: Int)
    case drainEnded(deregistered: Int, verified: Int, left: Int)
    case storageFailed(detail: String)
    case storageRecovered
    case badInterval(key: InstanceKey, server: ServerIndex, milliseconds: Int64)
}

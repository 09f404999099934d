/// What libevent calls back into: it owns C objects and descriptors that must outlive the callback that closes them.
protocol LoopResource: AnyObject {
    /// Frees the events and buffers and closes the descriptors. Called once, by the loop, between passes.
    func free()
}

/// The only place that turns an object into the `void *` of a libevent callback and back. (`HelperThread` hands one
/// object to `pthread_create`, which the new thread takes over at once.)
///
/// Ownership: an open resource is retained by the pointer that libevent holds, so a callback can never meet a freed
/// object, whatever its owner forgot. `EventLoop.retire` marks it closed; `EventLoop.freeClosed` frees its C objects,
/// after which no callback can come, and only then takes the reference back with `end`.
enum CallbackContext {
    /// The pointer for callbacks; the object lives until `end`.
    static func begin<Resource: LoopResource>(_ resource: Resource) -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(resource).toOpaque()
    }

    /// The pointer again, for another event of a resource that has begun.
    static func pointer<Resource: LoopResource>(_ resource: Resource) -> UnsafeMutableRawPointer {
        Unmanaged.passUnretained(resource).toOpaque()
    }

    /// The object behind the pointer of a callback.
    static func resource<Resource: LoopResource>(
        _ context: UnsafeMutableRawPointer?, as type: Resource.Type = Resource.self
    ) -> Resource {
        guard let context else { preconditionFailure("libevent called back without its context") }
        return Unmanaged<Resource>.fromOpaque(context).takeUnretainedValue()
    }

    /// Gives back the reference that `begin` took.
    static func end(_ resource: any LoopResource) {
        Unmanaged<AnyObject>.passUnretained(resource).release()
    }
}

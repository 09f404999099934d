import Glibc

/// Which of the two kinds of buffers the input comes from and the output goes to: plain ones, or with TLS a bufferevent.
///
/// Output leaves in `sendBuffered`, in a pass: directly, and only what the kernel did not take waits for the descriptor
/// to become writable.
extension Stream {
    /// What became of output that was sent.
    enum Sent {
        case everything
        case partly
        case failed(Int32)
    }

    /// Bytes that came and were not consumed.
    var bufferedInput: Int { encrypted?.inputCount ?? plain.inputCount }

    /// Forgets the first bytes of the input.
    func consumeBuffered(_ count: Int) {
        if let encrypted { encrypted.consume(count) } else { plain.consume(count) }
    }

    /// Reads from now on, or rests. False when the kernel refused (no memory for epoll).
    func setReading(_ on: Bool) -> Bool { encrypted?.setReading(on) ?? plain.setReading(on) }

    /// Bytes that were written and not yet taken by the kernel.
    var bufferedOutput: Int { encrypted?.outputCount ?? plain.outputCount }

    /// Appends to the output.
    func buffer(_ bytes: UnsafeRawBufferPointer) {
        if let encrypted { encrypted.append(bytes) } else { plain.append(bytes) }
    }

    /// Gives the kernel what it takes of the output, as it is or encrypted. With TLS a failure comes back through
    /// `tlsEnded` instead, perhaps before this returns.
    func sendBuffered() -> Sent { encrypted?.send() ?? plain.send() }

    /// Leaves the rest of the output to the loop, or takes it back. False when the kernel refused.
    func setSending(_ on: Bool) -> Bool {
        // A TLS bufferevent always sends; it only waits for the descriptor while it has something.
        encrypted != nil || plain.setSending(on)
    }
}

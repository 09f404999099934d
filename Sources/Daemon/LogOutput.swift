import Glibc

/// Writes to a descriptor that others share, without ever waiting for its reader.
///
/// `O_NONBLOCK` belongs to the open file description, which the shell, the supervisor and children share with us: set on
/// descriptor 2, it makes *their* writes fail. Nor does `RWF_NOWAIT` help, which terminals refuse and pipes took only in
/// Linux 6.4. So it depends on what the descriptor is:
///
/// * a file: plain writes, which no reader can hold up;
/// * a socket (journald): `send` with `MSG_DONTWAIT`, which is per call;
/// * a pipe or a terminal: opened once more through `/proc/self/fd`, which gives an open file description of our own,
///   with `O_NONBLOCK`;
/// * where that is refused (a pipe made by another user, no `/proc`): `poll`, then at most `PIPE_BUF` bytes, which a
///   pipe that polls writable has room for. Only another process that fills the same pipe in between can hold that up.
///
/// The process must ignore SIGPIPE. Loop-confined.
package struct LogOutput: ~Copyable {
    /// How the descriptor is written to.
    package enum Way: Equatable, Sendable {
        case file, socket, reopened, polled
    }

    /// What became of a write.
    package enum Outcome: Equatable, Sendable {
        /// So many bytes were taken, at least one.
        case wrote(Int)
        /// The reader is behind.
        case wouldBlock
        /// Nothing can be written here, now or, by all signs, ever: errno.
        case failed(Int32)
    }

    /// How it is done.
    package let way: Way
    private let descriptor: Int32

    /// For `descriptor`, which stays the caller's and open. `reopens: false` takes the last way where the third would do.
    package init(_ descriptor: Int32, reopens: Bool = true) {
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        if kind == S_IFREG {
            (way, self.descriptor) = (.file, descriptor)
        } else if kind == S_IFSOCK {
            (way, self.descriptor) = (.socket, descriptor)
        } else {
            let own =
                reopens ? open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1
            (way, self.descriptor) = own >= 0 ? (.reopened, own) : (.polled, descriptor)
        }
    }

    deinit {
        if way == .reopened { close(descriptor) }
    }

    /// Writes a beginning of `bytes`, which are not empty.
    package func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let count: Int
        switch way {
        case .file, .reopened: count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        case .socket:
            count = send(
                descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
        case .polled:
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&request, 1, 0) == 1 else { return .wouldBlock }
            count = Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
        }
        if count > 0 { return .wrote(count) }
        switch errno {
        case EAGAIN, EINTR: return .wouldBlock
        case let reason: return .failed(reason)
        }
    }

    /// Waits until something can be written, for so long at most. For the end of the process, not for the loop.
    package func wait(milliseconds: Int32) {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, milliseconds)
    }
}

internal import BeatCore
import Glibc

/// Looks at a process (`pid` checks): whether it lives, and is still the one that was there before.
enum ProcessCheck {
    /// What the kernel says of a process.
    struct Standing {
        /// Its state as in ps(1): R, S, D, Z …
        var state: Character
        /// When it began, in clock ticks since boot.
        var start: UInt64
    }

    /// `known` is when the process of this check began, once that is known.
    static func outcome(of pid: Int32, known: UInt64?) -> CheckOutcome {
        guard let standing = standing(of: pid) else {
            return CheckOutcome(.failing, "there is no process \(pid)", duration: .zero)
        }
        if let known, known != standing.start {
            return CheckOutcome(.failing, "process \(pid) is another one than before", duration: .zero)
        }
        switch standing.state {
        case "Z", "X", "x": return CheckOutcome(.failing, "process \(pid) has ended", duration: .zero)
        default:
            return CheckOutcome(
                .passing, "process \(pid) is alive", duration: .zero, processStart: standing.start)
        }
    }

    /// Field 3 and field 22 of `/proc/PID/stat` (proc(5)); the name in field 2 may hold anything, `)` too.
    static func standing(of pid: Int32) -> Standing? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = String(decoding: bytes[(end + 1)..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let start = UInt64(fields[19]) else { return nil }
        return Standing(state: state, start: start)
    }
}

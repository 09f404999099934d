internal import BeatCore
internal import EventLoop
import Glibc

/// One run of an `exec` check. Loop-confined.
final class ProgramCheck {
    /// When it is killed.
    let deadline: Instant
    private let timeout: Duration
    private var process: SpawnedProcess?
    private var onVerdict: ((CheckResult, String) -> Void)?
    private var onGone: (() -> Void)?

    /// Starts the program. `onVerdict` comes once, unless this throws; `onGone` when the process is gone, which may be
    /// later than the verdict for one that was killed.
    init(
        _ loop: EventLoop, _ command: [String], timeout: Duration, deadline: Instant,
        onVerdict: @escaping (CheckResult, String) -> Void, onGone: @escaping () -> Void
    ) throws(EventLoopError) {
        self.timeout = timeout
        self.deadline = deadline
        self.onVerdict = onVerdict
        self.onGone = onGone
        process = try SpawnedProcess(
            loop, arguments: command, environment: Self.environment(), outputMax: Limits.checkOutputBytes
        ) { [unowned self] in self.ended($0) }
    }

    /// Its time is over: it is killed with all that it started, and has failed.
    func expire() {
        guard onVerdict != nil else { return }
        process?.kill()
        tell(.failing, "not done within \(DurationText.text(timeout))\(said(": "))")
    }

    /// True when the verdict is given and only the process is waited for.
    var isDone: Bool { onVerdict == nil }

    /// Kills it; nothing is told.
    func cancel() {
        onVerdict = nil
        onGone = nil
        process?.close()
        process = nil
    }

    private func ended(_ ending: SpawnedProcess.Ending) {
        switch ending {
        case .exited(0): tell(.passing, said(""))
        case .exited(let status): tell(.failing, "exit status \(status)\(said(": "))")
        case .signalled(let signal): tell(.failing, "ended by signal \(signal)\(said(": "))")
        case .unknown: tell(.failing, "its exit status was taken by somebody else")
        }
        process = nil
        let gone = onGone
        onGone = nil
        gone?()
    }

    private func tell(_ result: CheckResult, _ output: String) {
        let tell = onVerdict
        onVerdict = nil
        tell?(result, output)
    }

    /// What it wrote, without the line end, behind `prefix`.
    private func said(_ prefix: String) -> String {
        var text = String(decoding: process?.output ?? [], as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text.isEmpty ? "" : prefix + text
    }

    /// beatd's own environment without its settings, which hold secrets.
    private static func environment() -> [String] {
        var environment: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let variable = String(cString: text)
            if !variable.hasPrefix("BEATD_") { environment.append(variable) }
            entry += 1
        }
        return environment
    }
}

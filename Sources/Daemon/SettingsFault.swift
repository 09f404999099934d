/// One thing that is wrong with the command line, the environment or the file.
public struct SettingsFault: Equatable, Sendable {
    /// Whose fault it is, which decides the exit code.
    public enum Kind: Equatable, Sendable {
        /// The command line is not what `beatd` understands: exit 64.
        case usage
        /// A setting has a value that cannot be: exit 78.
        case configuration
        /// The command line of `ctl` or `health` is not understood: exit 1 (control-api.md §3).
        case client
    }

    /// Whose fault it is.
    public let kind: Kind
    /// The flag, variable or key, as it was given.
    public let place: String
    /// What is wrong, and what to write instead.
    public let message: String
}

/// All that is wrong, at once.
public struct SettingsRefusal: Error, Equatable, Sendable {
    /// At least one.
    public let faults: [SettingsFault]

    /// sysexits.h: 64 (EX_USAGE) when the command line was not understood, else 78 (EX_CONFIG); for `ctl` 1.
    public var exitCode: Int32 {
        if faults.contains(where: { $0.kind == .client }) { return 1 }
        return faults.contains { $0.kind == .usage } ? 64 : 78
    }

    /// A line for each fault.
    public var text: String { faults.map { "beatd: \($0.place): \($0.message)\n" }.joined() }
}

/// Why a text is not a value of its kind: what must be written, and what was.
package struct SettingsComplaint: Error, Equatable, Sendable {
    package let text: String

    init(_ text: String) {
        self.text = text
    }
}

/// Why a file gives no bytes.
public enum SettingsFileError: Error, Equatable, Sendable {
    case notFound
    /// In the words of the system.
    case unreadable(String)

    package var text: String {
        switch self {
        case .notFound: "no such file"
        case .unreadable(let reason): "cannot be read: \(reason)"
        }
    }
}

/// Reads a whole file.
public typealias SettingsFileReader = (_ path: String) -> Result<[UInt8], SettingsFileError>

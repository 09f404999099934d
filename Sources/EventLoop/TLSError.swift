import CLibeventOpenSSL

/// Why TLS cannot be set up, in words for the operator.
public enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be read, holds no certificate or key, or a key that does not belong to the certificate.
    case unusableFile(path: String, reason: String)
    /// No certificate can be for this server name.
    case unusableServerName(String)
    /// OpenSSL refused something else.
    case refused(reason: String)

    /// One line for the log.
    public var description: String {
        switch self {
        case .unusableFile(let path, let reason): "\(path): \(reason)"
        case .unusableServerName(let name): "no certificate can be for the server name \"\(name)\""
        case .refused(let reason): "OpenSSL: \(reason)"
        }
    }
}

/// OpenSSL's queue of errors of the calling thread.
///
/// What is left in it would be taken for the reason of the next failure, on any connection; whoever calls OpenSSL on
/// the loop's thread leaves it empty.
enum TLSErrorQueue {
    static func clear() {
        ERR_clear_error()
    }

    /// The cause of what has just failed, which is the oldest error, in words. Empties the queue.
    static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        return words(code) ?? "failed for no given reason"
    }

    /// nil when OpenSSL has no words for it.
    static func words(_ code: UInt) -> String? {
        let number = beatd_error_errno(code)
        guard number == 0 else { return SystemError.text(number) }
        return ERR_reason_error_string(code).map { String(cString: $0) }
    }
}

import CLibeventOpenSSL
import Glibc

/// How a TLS connection broke.
enum TLSFailure: Equatable {
    /// A system call failed with this errno.
    case system(Int32)
    /// The connection ended without the peer's close_notify: whether that was its will, nobody knows.
    case cutOff
    /// Verification, a protocol error or an alert, in words.
    case tls(String)

    /// What the owner of the stream is told.
    var end: StreamEnd {
        switch self {
        case .system(let errno): .failed(errno)
        case .cutOff: .cutOff
        case .tls(let reason): .tlsFailed(reason)
        }
    }
}

/// The TLS of one client connection: OpenSSL's SSL object, and what to do with it besides reading and writing.
final class TLSConnection {
    /// For the bufferevent; freed by `free`.
    let ssl: OpaquePointer
    /// The handshake is done. (OpenSSL does not tell any more once the connection has failed.)
    var isEstablished = false
    private let context: TLSContext
    /// Under this name its session is kept.
    private let server: String

    /// For a server that must have a certificate for `serverName`.
    init(_ context: TLSContext, serverName: String, peer: SocketAddress) throws(TLSError) {
        // An empty name would turn the check off, and a NUL would end the name early.
        guard !serverName.isEmpty, !serverName.utf8.contains(0) else { throw .unusableServerName(serverName) }
        TLSErrorQueue.clear()
        guard let ssl = SSL_new(context.context) else { throw .refused(reason: TLSErrorQueue.takeReason()) }
        self.ssl = ssl
        self.context = context
        server = "\(serverName) \(peer)"
        guard Self.expect(serverName, ssl) else {
            TLSErrorQueue.clear()
            SSL_free(ssl)
            throw .unusableServerName(serverName)
        }
        if let session = context.session(server) { SSL_set_session(ssl, session) }
        TLSErrorQueue.clear()
    }

    private static func expect(_ serverName: String, _ ssl: OpaquePointer) -> Bool {
        let parameters = SSL_get0_param(ssl)
        if SocketAddress(host: serverName, port: 0) != nil {
            return X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1
        }
        // Neither SNI nor certificates write a name with the dot of the root.
        let name = serverName.hasSuffix(".") ? String(serverName.dropLast()) : serverName
        guard !name.isEmpty else { return false }
        X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1
            && beatd_set_server_name(ssl, name) == 1
    }

    /// What an error with these entries of OpenSSL's queue, oldest first, or with this `errno`, comes from.
    func failure(codes: some Sequence<UInt>, errno reason: Int32) -> TLSFailure {
        let isHandshake = !isEstablished
        let verification = SSL_get_verify_result(ssl)
        if isHandshake, verification != Int(X509_V_OK) {
            return .tls(String(cString: X509_verify_cert_error_string(verification)))
        }
        let closedEarly = TLSFailure.tls("the server closed the connection during the handshake")
        for code in codes {
            switch beatd_error_tls_reason(code) {
            case SSL_R_UNEXPECTED_EOF_WHILE_READING:
                return isHandshake ? closedEarly : .cutOff
            case SSL_R_WRONG_VERSION_NUMBER where isHandshake:
                return .tls("wrong version number: the server does not seem to speak TLS on this port")
            default:
                if let words = TLSErrorQueue.words(code) { return .tls(words) }
            }
        }
        guard reason == 0 else { return .system(reason) }
        return isHandshake ? closedEarly : .cutOff
    }

    /// Keeps the session for the next connection and sends close_notify, if the kernel takes it at once. A connection
    /// that is not up, or has failed, has nothing to say. Idempotent.
    func sayGoodbye() {
        guard SSL_is_init_finished(ssl) == 1, SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN == 0 else { return }
        // With TLS 1.3 the server gives what makes a session resumable after the handshake, with its first bytes.
        if let session = SSL_get1_session(ssl) {
            if SSL_SESSION_is_resumable(session) == 1 {
                context.keep(session, server)
            } else {
                SSL_SESSION_free(session)
            }
        }
        SSL_shutdown(ssl)
        TLSErrorQueue.clear()
    }

    func free() {
        SSL_free(ssl)
    }
}

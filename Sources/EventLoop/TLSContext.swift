import CLibeventOpenSSL
import Glibc

/// Whom to trust on a TLS connection, and how to prove who we are.
public struct TLSOptions: Equatable, Sendable {
    /// A client certificate and its private key.
    public struct ClientCertificate: Equatable, Sendable {
        /// Path of the certificate in PEM, followed by those between it and the root, if any.
        public var certificateFile: String
        /// Path of the private key in PEM, without a passphrase: nobody is there to type it in.
        public var keyFile: String

        /// Both may be the same file.
        public init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    /// Path of the certificates to trust, in PEM. nil for those of the system: OpenSSL's default folder, which the
    /// package ca-certificates fills, or what SSL_CERT_FILE and SSL_CERT_DIR name.
    public var caFile: String?
    /// What to show a server that asks for it.
    public var clientCertificate: ClientCertificate?

    /// The trust of the system, and no client certificate, unless told otherwise.
    public init(caFile: String? = nil, clientCertificate: ClientCertificate? = nil) {
        self.caFile = caFile
        self.clientCertificate = clientCertificate
    }
}

/// What TLS connections to one kind of server have in common. Loop-confined, like the streams made with it.
///
/// TLS 1.2 or later; the server's certificate is always verified, and there is no way to turn that off. The files are
/// read once: a new certificate needs a new context. Sessions are kept and offered to the same server again, which
/// spares both sides most of the handshake.
public final class TLSContext {
    let context: OpaquePointer
    private var sessions: [String: OpaquePointer] = [:]

    /// Servers whose latest session is kept; beyond, all are forgotten. A cluster of Nacos has three to nine members.
    private static let sessionsMax = 64

    /// Reads the files of `options`; throws when one cannot be used.
    public init(_ options: TLSOptions) throws(TLSError) {
        TLSErrorQueue.clear()
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw .refused(reason: TLSErrorQueue.takeReason())
        }
        self.context = context
        beatd_ctx_set_min_version(context, TLS1_2_VERSION)
        beatd_ctx_refuse_renegotiation(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // Buffers of an idle connection (34 KiB) are given back. Not SSL_MODE_ENABLE_PARTIAL_WRITE: libevent 2.1 goes
        // on to the next piece of output when OpenSSL has taken only a part of one, and so mixes them up.
        beatd_ctx_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS))
        // By default OpenSSL would ask for a passphrase on the terminal.
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
        try trust(options.caFile)
        if let certificate = options.clientCertificate { try use(certificate) }
        TLSErrorQueue.clear()
    }

    deinit {
        for session in sessions.values { SSL_SESSION_free(session) }
        SSL_CTX_free(context)
    }

    private func trust(_ caFile: String?) throws(TLSError) {
        guard let caFile else {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .refused(reason: TLSErrorQueue.takeReason())
            }
            return
        }
        guard SSL_CTX_load_verify_file(context, caFile) == 1 else {
            throw .unusableFile(path: caFile, reason: TLSErrorQueue.takeReason())
        }
    }

    private func use(_ client: TLSOptions.ClientCertificate) throws(TLSError) {
        guard SSL_CTX_use_certificate_chain_file(context, client.certificateFile) == 1 else {
            throw .unusableFile(path: client.certificateFile, reason: TLSErrorQueue.takeReason())
        }
        guard SSL_CTX_use_PrivateKey_file(context, client.keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .unusableFile(path: client.keyFile, reason: TLSErrorQueue.takeReason())
        }
        // A key of another kind, such as EC to a certificate of RSA, is not compared when it is read.
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw .unusableFile(path: client.keyFile, reason: TLSErrorQueue.takeReason())
        }
    }

    // MARK: sessions

    /// The latest session with this server; it stays the context's.
    func session(_ server: String) -> OpaquePointer? {
        sessions[server]
    }

    /// Takes over the reference to `session`.
    func keep(_ session: OpaquePointer, _ server: String) {
        if sessions.count >= Self.sessionsMax, sessions[server] == nil {
            for session in sessions.values { SSL_SESSION_free(session) }
            sessions = [:]
        }
        if let old = sessions.updateValue(session, forKey: server) { SSL_SESSION_free(old) }
    }
}

@available(*, unavailable)
extension TLSContext: Sendable {}

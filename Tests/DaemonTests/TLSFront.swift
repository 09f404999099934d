import CLibeventOpenSSL
import EventLoop
import Testing

@testable import Daemon

/// The TLS of a naming server, on the loop: ends TLS in memory (RFC 8446, by OpenSSL) and passes the bytes on.
final class TLSFront {
    /// What it shows and wants, and how the daemon is told of it.
    struct Options {
        /// The path without `.pem` and `.key`.
        var certificate: String
        /// Clients must show a certificate of this CA.
        var clientCA: String?
        /// TLS 1.2 at most.
        var isOld = false
        /// The host of the `https://` address.
        var host = "localhost"

        func server(_ peer: SocketAddress) -> ServerAddress {
            let port = peer.port ?? 0
            var server = ServerAddress(name: "\(host):\(port)", host: host, port: port, usesTLS: true)
            server.addresses = [peer]
            return server
        }
    }

    /// What becomes of a connection whose handshake is done.
    enum Behaviour {
        case passesOn
        /// It is cut with the first bytes of a request, which nobody sees.
        case cuts
        /// It ends as it should, with the first bytes of a request, which nobody sees.
        case closes
    }

    let address: SocketAddress
    var behaviour = Behaviour.passesOn
    fileprivate(set) var established = 0
    fileprivate(set) var resumed = 0
    fileprivate(set) var failed = 0
    /// What the clients asked for (SNI), nil for those that named nothing.
    fileprivate(set) var serverNames: Set<String?> = []
    /// When each connection came.
    private(set) var accepted: [Int64] = []

    fileprivate let loop: EventLoop
    fileprivate let target: SocketAddress
    private let context: OpaquePointer
    private var listener: Listener?
    private var links: [ObjectIdentifier: Link] = [:]

    private final class Owner { weak var front: TLSFront? }

    init(_ loop: EventLoop, before target: SocketAddress, _ options: Options) throws {
        self.loop = loop
        self.target = target
        context = try Self.context(options)
        let owner = Owner()
        let any = try #require(SocketAddress(host: "127.0.0.1", port: 0))
        let listener = try Listener(loop, on: any, onAccept: { owner.front?.accept($0) }, onAcceptError: { _ in })
        self.listener = listener
        address = listener.localAddress
        owner.front = self
    }

    deinit { SSL_CTX_free(context) }

    private static func context(_ options: Options) throws -> OpaquePointer {
        let context = try #require(SSL_CTX_new(TLS_server_method()))
        if options.isOld { SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil) }
        try #require(SSL_CTX_use_certificate_chain_file(context, "\(options.certificate).pem") == 1)
        try #require(SSL_CTX_use_PrivateKey_file(context, "\(options.certificate).key", SSL_FILETYPE_PEM) == 1)
        // Without it a session of a client with a certificate cannot be used again.
        SSL_CTX_set_session_id_context(context, "front", 5)
        if let ca = options.clientCA {
            try #require(SSL_CTX_load_verify_file(context, ca) == 1)
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        return context
    }

    private func accept(_ socket: consuming AcceptedSocket) {
        accepted.append(MonotonicClock.nanoseconds())
        let stream = Stream(loop, accepted: socket, limits: StreamLimits(inputMax: 1 << 20, outputMax: 16 << 20))
        guard let ssl = SSL_new(context) else { return stream.close() }
        let link = Link(stream, ssl, self)
        links[ObjectIdentifier(link)] = link
    }

    fileprivate func ended(_ link: Link) { links[ObjectIdentifier(link)] = nil }

    /// Nobody listens, and every connection is cut.
    func pause() {
        listener?.close()
        listener = nil
        for link in links.values { link.cut() }
        loop.freeClosed()
    }

    /// Up again on the same address.
    func resume() throws {
        let owner = Owner()
        listener = try Listener(loop, on: address, onAccept: { owner.front?.accept($0) }, onAcceptError: { _ in })
        owner.front = self
    }

    func close() { pause() }
}

/// One connection: encrypted on the near side, plain on the far one.
private final class Link: StreamDelegate {
    private let near: Stream
    private var far: Stream?
    private let ssl: OpaquePointer
    private let encryptedIn: OpaquePointer?
    private let encryptedOut: OpaquePointer?
    private unowned let front: TLSFront
    private var isEstablished = false
    private var isOver = false

    init(_ near: Stream, _ ssl: OpaquePointer, _ front: TLSFront) {
        self.near = near
        self.ssl = ssl
        self.front = front
        encryptedIn = BIO_new(BIO_s_mem())
        encryptedOut = BIO_new(BIO_s_mem())
        SSL_set_bio(ssl, encryptedIn, encryptedOut)
        SSL_set_accept_state(ssl)
        near.delegate = self
    }

    deinit { SSL_free(ssl) }

    func streamDidConnect(_ stream: Stream) {}

    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        let bytes = stream.withInput { input in input.indices.map { input[$0] } }
        stream.consume(bytes.count)
        ERR_clear_error()
        if stream === near {
            BIO_write(encryptedIn, bytes, Int32(bytes.count))
            decrypt()
        } else {
            SSL_write(ssl, bytes, Int32(bytes.count))
            send()
        }
    }

    private func decrypt() {
        if !isEstablished {
            let result = SSL_do_handshake(ssl)
            guard result == 1 else {
                send()
                if SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ {
                    front.failed += 1
                    near.closeAfterWriting()
                }
                return
            }
            isEstablished = true
            front.established += 1
            if SSL_session_reused(ssl) == 1 { front.resumed += 1 }
            let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
            // OpenSSL has no name to tell when a session of TLS 1.2 is used again.
            if name != nil || SSL_session_reused(ssl) == 0 { front.serverNames.insert(name) }
        }
        send()
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while !isOver {
            let count = SSL_read(ssl, &piece, Int32(piece.count))
            guard count > 0 else { break }
            pass(Array(piece[..<Int(count)]))
        }
        send()
    }

    private func pass(_ bytes: [UInt8]) {
        switch front.behaviour {
        case .passesOn:
            if far == nil {
                far = Stream(
                    front.loop, connectingTo: front.target, timeoutNanoseconds: 2_000_000_000,
                    limits: StreamLimits(inputMax: 1 << 20, outputMax: 16 << 20))
                far?.delegate = self
            }
            far?.write(bytes)
        case .cuts: cut()
        case .closes: sayGoodbye()
        }
    }

    /// Hands what OpenSSL has written to the near side.
    private func send() {
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = BIO_read(encryptedOut, &piece, Int32(piece.count))
            guard count > 0 else { return }
            near.write(Array(piece[..<Int(count)]))
        }
    }

    private func sayGoodbye() {
        isOver = true
        SSL_shutdown(ssl)
        send()
        near.closeAfterWriting()
    }

    func cut() {
        isOver = true
        near.close()
        far?.close()
        front.ended(self)
    }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        if stream === far {
            far?.close()
            if isEstablished, !isOver { sayGoodbye() }
        } else {
            cut()
        }
    }
}

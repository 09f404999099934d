import EventLoop
import Glibc
import TestSupport
import Testing

/// `openssl s_server` on a port of its own, until it is released.
struct OpenSSLServer {
    let process: ChildProcess
    let address: SocketAddress

    init(_ ca: TestCA, certificate: String, _ options: [String] = ["-rev"]) throws {
        process = try ChildProcess(
            [
                "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "\(certificate).pem", "-key",
                "\(certificate).key", "-CAfile", "ca.pem",
            ] + options, directory: ca.folder)
        try #require(try process.waitForOutput("ACCEPT 127.0.0.1:"), "s_server: \(process.errorText)")
        let line = try #require(process.outputText.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") })
        address = try #require(SocketAddress(parsing: String(line.dropFirst("ACCEPT ".count))))
    }
}

/// A client that trusts a CA, with what it was told.
struct TLSClient {
    let stream: Stream
    let recorder = Recorder()

    init(
        _ runner: LoopRunner, _ address: SocketAddress, _ context: TLSContext, name: String = "localhost",
        milliseconds: Int64 = 5_000, limits: StreamLimits = .forTests
    ) {
        stream = Stream(
            runner.loop, connectingTo: address, tls: context, serverName: name,
            timeoutNanoseconds: milliseconds * 1_000_000, limits: limits)
        stream.delegate = recorder
    }

    var text: String { String(decoding: recorder.bytes, as: UTF8.self) }
}

/// Gives a test a CA with a server's certificate for localhost and 127.0.0.1, and a loop.
func withCA(_ body: (TestCA, LoopRunner) throws -> Void) throws {
    try withTemporaryDirectory { folder in
        let ca = try TestCA(in: folder)
        try ca.issue("server", for: "DNS:localhost,IP:127.0.0.1")
        let runner = try LoopRunner()
        try body(ca, runner)
        runner.close()
    }
}

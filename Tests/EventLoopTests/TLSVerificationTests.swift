import EventLoop
import Glibc
import TestSupport
import Testing

/// Whom a TLS stream talks to, and whom it does not.
@Suite struct TLSVerificationTests {
    @Test func talksToAServerThatIsWhoItSays() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            for name in ["localhost", "localhost.", "LOCALHOST", "127.0.0.1"] {
                let client = TLSClient(runner, server.address, context, name: name)
                client.stream.write(Array("before it stands\n".utf8))
                try runner.run(until: { client.text == "sdnats ti erofeb\n" || !client.recorder.ends.isEmpty })
                #expect(client.recorder.events.first == .connect)
                client.stream.write(Array("and after\n".utf8).span)
                try runner.run(until: { client.text.hasSuffix("retfa dna\n") || !client.recorder.ends.isEmpty })
                #expect(client.recorder.ends == [])
                #expect(client.stream.outputCount == 0)
                #expect(client.recorder.events.filter { $0 == .connect }.count == 1)
                client.stream.close()
                runner.loop.freeClosed()
            }
        }
    }

    @Test func theSystemDoesNotTrustOurCA() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let ends = try refusal(runner, server, try TLSContext(TLSOptions()))
            #expect(ends == [.tlsFailed("self-signed certificate in certificate chain")])
        }
    }

    @Test(arguments: ["nacos.example", "localhost.nacos.example", "local"])
    func aNameThatIsNotInTheCertificateIsRefused(name: String) throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            #expect(try refusal(runner, server, context, name: name) == [.tlsFailed("hostname mismatch")])
        }
    }

    @Test(arguments: ["127.0.0.2", "::1"])
    func anAddressThatIsNotInTheCertificateIsRefused(name: String) throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            #expect(try refusal(runner, server, context, name: name) == [.tlsFailed("IP address mismatch")])
        }
    }

    @Test(arguments: ["", ".", "localhost\0.nacos.example"])
    func aNameThatWouldNotBeCheckedIsRefused(name: String) throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let ends = try refusal(runner, server, context, name: name)
            #expect(ends == [.tlsFailed(TLSError.unusableServerName(name).description)])
        }
    }

    @Test func anExpiredCertificateIsRefused() throws {
        try withCA { ca, runner in
            try ca.issue("expired", for: "DNS:localhost", days: -1)
            let server = try OpenSSLServer(ca, certificate: "expired")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            #expect(try refusal(runner, server, context) == [.tlsFailed("certificate has expired")])
        }
    }

    @Test func namesAreSentAndAddressesAreNot() throws {
        try withCA { ca, runner in
            try ca.issue("address", for: "IP:127.0.0.1")
            try ca.issue("name", for: "DNS:localhost")
            let server = try OpenSSLServer(
                ca, certificate: "address",
                ["-rev", "-servername", "localhost", "-cert2", "name.pem", "-key2", "name.key"])
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            for name in ["localhost", "127.0.0.1"] {
                let client = TLSClient(runner, server.address, context, name: name)
                try runner.run(until: { !client.recorder.events.isEmpty })
                #expect(client.recorder.events == [.connect], "\(name)")
                client.stream.close()
            }
        }
    }

    @Test func aServerOfTLS11IsRefused() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(
                ca, certificate: "server", ["-rev", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let ends = try refusal(runner, server, context)
            #expect(ends == [.tlsFailed("tlsv1 alert protocol version")])
        }
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func aClientCertificateIsShownToAServerThatWantsOne(version: String) throws {
        try withCA { ca, runner in
            try ca.issue("client", for: "DNS:beatd")
            let server = try OpenSSLServer(
                ca, certificate: "server", ["-rev", version, "-Verify", "1", "-verify_return_error"])
            let certificate = TLSOptions.ClientCertificate(
                certificateFile: "\(ca.folder)/client.pem", keyFile: "\(ca.folder)/client.key")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile, clientCertificate: certificate))
            let client = TLSClient(runner, server.address, context)
            client.stream.write(Array("abc\n".utf8))
            try runner.run(until: { client.text == "cba\n" || !client.recorder.ends.isEmpty })
            #expect(client.recorder.ends == [])
            client.stream.close()
        }
    }

    @Test func noClientCertificateForAServerThatWantsOne() throws {
        try withCA { ca, runner in
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            // In TLS 1.3 the client is done before the server has looked: the refusal is the first thing it reads.
            for (version, events) in [
                ("-tls1_2", [Recorder.Event.end(.tlsFailed("sslv3 alert handshake failure"))]),
                ("-tls1_3", [.connect, .end(.tlsFailed("tlsv13 alert certificate required"))]),
            ] {
                let server = try OpenSSLServer(ca, certificate: "server", ["-rev", version, "-Verify", "1"])
                let client = TLSClient(runner, server.address, context)
                try runner.run(until: { !client.recorder.ends.isEmpty })
                runner.settle()
                #expect(client.recorder.events == events)
            }
        }
    }

    private func refusal(
        _ runner: LoopRunner, _ server: OpenSSLServer, _ context: TLSContext, name: String = "localhost"
    ) throws -> [StreamEnd] {
        let client = TLSClient(runner, server.address, context, name: name)
        client.stream.write(Array("secret\n".utf8))
        try runner.run(until: { !client.recorder.events.isEmpty })
        runner.settle()
        #expect(client.recorder.events == client.recorder.ends.map { .end($0) })
        #expect(client.recorder.bytes == [])
        return client.recorder.ends
    }
}

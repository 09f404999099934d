import EventLoop
import TestSupport
import Testing

/// The files a TLS context is made from.
@Suite struct TLSContextTests {
    @Test func aFileThatCannotBeUsedIsNamedWithTheReason() throws {
        try withCA { ca, runner in
            let folder = ca.folder
            try ca.issue("other", for: "DNS:other")
            try TestCA.run([
                "pkey", "-in", "\(folder)/other.key", "-aes128", "-passout", "pass:secret", "-out",
                "\(folder)/locked.key",
            ])
            try TestCA.run(["genrsa", "-out", "\(folder)/rsa.key", "2048"])
            #expect(error(TLSOptions(caFile: "\(folder)/none.pem")) == "\(folder)/none.pem: No such file or directory")
            #expect(error(TLSOptions(caFile: "\(folder)/ca.key")) == "\(folder)/ca.key: no certificate or crl found")
            #expect(
                error(client("none.pem", "server.key", folder)) == "\(folder)/none.pem: No such file or directory")
            #expect(error(client("server.key", "server.key", folder)) == "\(folder)/server.key: no start line")
            #expect(
                error(client("server.pem", "none.key", folder)) == "\(folder)/none.key: No such file or directory")
            #expect(error(client("server.pem", "other.key", folder)) == "\(folder)/other.key: key values mismatch")
            #expect(error(client("server.pem", "rsa.key", folder)) == "\(folder)/rsa.key: no certificate assigned")
            #expect(
                error(client("server.pem", "locked.key", folder)) == "\(folder)/locked.key: interrupted or cancelled")
            #expect(error(client("server.pem", "server.key", folder)) == nil)
        }
    }

    @Test func aSessionIsUsedAgain() throws {
        try withCA { ca, runner in
            for version in ["-tls1_2", "-tls1_3"] {
                let server = try OpenSSLServer(ca, certificate: "server", ["-www", version])
                let context = try TLSContext(TLSOptions(caFile: ca.caFile))
                #expect(try page(runner, server, context).contains("\nNew, TLSv1"))
                #expect(try page(runner, server, context).contains("\nReused, TLSv1"))
                // Another name is another server: whether the certificate is for it has to be seen.
                let other = TLSClient(runner, server.address, context, name: "nacos.example")
                try runner.run(until: { !other.recorder.events.isEmpty })
                #expect(other.recorder.events == [.end(.tlsFailed("hostname mismatch"))])
            }
        }
    }

    private func page(_ runner: LoopRunner, _ server: OpenSSLServer, _ context: TLSContext) throws -> String {
        let client = TLSClient(runner, server.address, context)
        client.stream.write(Array("GET / HTTP/1.0\r\n\r\n".utf8))
        try runner.run(until: { !client.recorder.ends.isEmpty })
        #expect(client.recorder.ends == [.eof])
        client.stream.close()
        runner.loop.freeClosed()
        return client.text
    }

    private func client(_ certificate: String, _ key: String, _ folder: String) -> TLSOptions {
        TLSOptions(
            clientCertificate: .init(certificateFile: "\(folder)/\(certificate)", keyFile: "\(folder)/\(key)"))
    }

    private func error(_ options: TLSOptions) -> String? {
        do throws(TLSError) {
            _ = try TLSContext(options)
            return nil
        } catch {
            return error.description
        }
    }
}

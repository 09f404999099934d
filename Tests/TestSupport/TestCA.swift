/// A certificate authority that lives in a folder, by the openssl program.
public struct TestCA {
    /// Where its files are: `ca.pem`, `ca.key`, and those of the certificates.
    public let folder: String

    /// What the openssl program would not do.
    public struct Failed: Error, CustomStringConvertible {
        /// The command and what it said.
        public var description: String
    }

    /// Makes the authority; with the same name, but another key, each time.
    public init(in folder: String) throws {
        self.folder = folder
        try Self.run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test CA",
            "-days", "2", "-keyout", "\(folder)/ca.key", "-out", "\(folder)/ca.pem",
        ])
    }

    /// Its own certificate.
    public var caFile: String { "\(folder)/ca.pem" }

    /// Makes `name`.pem and `name`.key for the alternative names, such as "DNS:localhost,IP:127.0.0.1".
    public func issue(_ name: String, for alternatives: String, days: Int = 2) throws {
        let path = "\(folder)/\(name)"
        try Self.run([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)", "-addext",
            "subjectAltName=\(alternatives)", "-keyout", "\(path).key", "-out", "\(path).csr",
        ])
        try Self.run([
            "x509", "-req", "-in", "\(path).csr", "-CA", caFile, "-CAkey", "\(folder)/ca.key", "-copy_extensions",
            "copy", "-days", "\(days)", "-out", "\(path).pem",
        ])
    }

    /// Runs the openssl program to its end.
    public static func run(_ arguments: [String]) throws {
        let openssl = try ChildProcess(["openssl"] + arguments)
        guard try openssl.wait(within: .seconds(60)) == .exited(0) else {
            throw Failed(description: "openssl \(arguments.joined(separator: " ")): \(openssl.errorText)")
        }
    }
}

@available(*, unavailable)
extension TestCA: Sendable {}

public import EventLoop
internal import NacosWire

/// Looks whether TLS can be set up with these files.
public typealias TLSFilesChecker = (_ options: TLSOptions) throws(TLSError) -> Void

/// The checker of the program: OpenSSL reads the files as it will when beatd serves.
public enum TLSFiles {
    /// Throws when a file cannot be read, holds no certificate or key, or they do not belong together.
    public static func check(_ options: TLSOptions) throws(TLSError) {
        _ = try TLSContext(options)
    }
}

extension Settings {
    /// Whether a server was written `https://`.
    var usesTLS: Bool { nacosServerListURL != nil || nacosServers.contains(where: \.usesTLS) }

    /// What connections to `https://` servers are made with; nil when there are none.
    func tlsContext() throws(TLSError) -> TLSContext? { usesTLS ? try TLSContext(tlsOptions) : nil }

    /// Whom to trust at `https://` servers, and what to show them.
    var tlsOptions: TLSOptions {
        var options = TLSOptions(caFile: nacosTLSCA)
        if let certificate = nacosTLSCertificate, let key = nacosTLSKey {
            options.clientCertificate = .init(certificateFile: certificate, keyFile: key)
        }
        return options
    }
}

extension SettingsLoader {
    /// Who beatd is to Nacos, and how it knows Nacos: what goes together must be there together and be usable.
    static func checkNacosSecurity(
        _ settings: Settings, _ reader: inout SettingsReader, _ checkTLS: TLSFilesChecker
    ) {
        checkPair(
            ("nacos-username", settings.nacosUsername != nil), ("nacos-password-file", settings.nacosPassword != nil),
            "a login", &reader)
        checkPair(
            ("nacos-access-key", settings.nacosAccessKey != nil),
            ("nacos-secret-key-file", settings.nacosSecretKey != nil), "a signature", &reader)
        checkPair(
            ("nacos-tls-cert", settings.nacosTLSCertificate != nil), ("nacos-tls-key", settings.nacosTLSKey != nil),
            "a client certificate", &reader)
        if let secret = settings.nacosSecretKey, secret.text.utf8.count > RequestSigner.keyBytes {
            reader.complain(
                reader.setting("nacos-secret-key-file").place,
                "must hold at most \(RequestSigner.keyBytes) bytes, got \(secret.text.utf8.count)")
        }
        if settings.embeddedNaming, let first = settings.nacosServers.first, first.usesTLS {
            reader.complain(
                reader.setting("embedded-naming").place,
                "the built-in naming server has no TLS, and https://\(first.text) wants it; write http://")
        }
        checkTLSFiles(settings, &reader, checkTLS)
    }

    private static func checkPair(
        _ first: (name: String, isThere: Bool), _ second: (name: String, isThere: Bool), _ purpose: String,
        _ reader: inout SettingsReader
    ) {
        guard first.isThere != second.isThere else { return }
        let missing = first.isThere ? second.name : first.name
        reader.complain(
            reader.setting(missing).place, "is missing: \(purpose) needs --\(first.name) and --\(second.name)")
    }

    private static func checkTLSFiles(
        _ settings: Settings, _ reader: inout SettingsReader, _ checkTLS: TLSFilesChecker
    ) {
        let options = settings.tlsOptions
        let files = [
            ("nacos-tls-ca", settings.nacosTLSCA), ("nacos-tls-cert", settings.nacosTLSCertificate),
            ("nacos-tls-key", settings.nacosTLSKey),
        ]
        for (name, file) in files where file != nil && !settings.usesTLS {
            reader.warn("\(reader.setting(name).place): is not used, because no server is written https://")
        }
        guard options != TLSOptions() else { return }
        do throws(TLSError) {
            try checkTLS(options)
        } catch {
            switch error {
            case .unusableFile(let path, let reason):
                let name = files.first { $0.1 == path }?.0 ?? "nacos-tls-ca"
                reader.complain(reader.setting(name).place, "names \(path), but: \(reason)")
            case .unusableServerName, .refused:
                reader.complain(reader.setting("nacos-tls-ca").place, error.description)
            }
        }
    }
}

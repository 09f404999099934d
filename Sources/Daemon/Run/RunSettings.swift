public import BeatCore
internal import ControlAPI
internal import EventLoop
internal import JSON

/// What `beatd run` was told, checked.
public struct RunSettings: Equatable, Sendable {
    /// The daemon's own settings.
    public var service: LoadedSettings
    /// What is kept in Nacos while the program lives.
    public var document: RegistrationDocument
    /// Between the instance's leaving and the program's signal.
    public var settle: Duration
    /// Between the program's signal and its being killed.
    public var stopTimeout: Duration
    /// The program and its arguments.
    public var command: [String]

    static let rows: [SettingDefinition] = [
        flag("service-name", .text, "", "name of the service in Nacos; required"),
        flag("port", .integer(1...65535), "", "the program's port; required"),
        flag("ip", .text, "auto", "address of the instance; auto = that of the interface with the default route"),
        flag("group-name", .text, "", "unless given, DEFAULT_GROUP"),
        flag("namespace-id", .text, "", "unless given, --nacos-namespace"),
        flag("cluster-name", .text, "", "unless given, DEFAULT"),
        flag("weight", .text, "", "share of the traffic, 0…10000; unless given, 1"),
        flag("metadata", .pairs, "", "what consumers read"),
        flag("period", .text, "", "time between beats; unless given, 5s"),
        flag(
            "check", .text, "tcp",
            "what decides whether it is registered and beats: tcp = the port answers, an http:// URL = it answers 2xx, or "
                + "none"),
        flag(
            "settle", .duration(.zero ... .seconds(600)), "0s",
            "how long consumers have to notice, between the instance's leaving and the program's signal"),
        flag(
            "stop-timeout", .duration(.zero ... .seconds(600)), "10s",
            "how long the program may take to end before it is killed"),
    ]

    private static func flag(
        _ name: String, _ kind: SettingKind, _ defaultText: String, _ meaning: String
    ) -> SettingDefinition {
        SettingsTable.flagOnly(name, kind, defaultText, meaning, [.run])
    }
}

/// What decides whether the instance of `beatd run` beats.
private enum RunCheck {
    /// The program's port takes connections.
    case tcp
    /// This URL answers 2xx.
    case http(String)
    /// That the program runs is enough.
    case none

    init(_ text: String) throws(SettingsComplaint) {
        switch text {
        case "tcp": self = .tcp
        case "none": self = .none
        case let url where url.hasPrefix("http://"): self = .http(url)
        default: throw SettingsComplaint("must be tcp, none or an http:// URL, got \"\(text)\"")
        }
    }

    /// As a program on the same host is waited for: a person does not notice the second, and three in a row are soon.
    private static let every = "1s"

    /// As the document has it. The port is looked at where the instance is registered when that is an address of this
    /// host, else on loopback: what is registered may be known to others only.
    func json(ip: String, port: Int64, _ host: HostAddresses) -> JSONValue? {
        switch self {
        case .none: return nil
        case .http(let url): return .array([.object(["http": .string(url), "every": .string(Self.every)])])
        case .tcp:
            let isOwn = host.interfaces().contains { $0.address.host == ip }
            let address = isOwn ? ip.contains(":") ? "[\(ip)]" : ip : "127.0.0.1"
            return .array([.object(["tcp": .string("\(address):\(port)"), "every": .string(Self.every)])])
        }
    }
}

extension SettingsLoader {
    /// The settings of `run`; `command` is what stood behind `--`.
    static func run(
        _ command: [String], flags: [String: String], faults: [SettingsFault], environment: [String: String],
        host: HostAddresses = HostAddresses(), readFile: @escaping SettingsFileReader,
        checkTLS: TLSFilesChecker
    ) throws(SettingsRefusal) -> RunSettings {
        var faults = faults
        if command.isEmpty {
            faults.append(
                SettingsFault(kind: .usage, place: "run", message: "needs a program: beatd run … -- command"))
        }
        let rows = SettingsTable.rows(for: .run)
        let sources = SettingsSources(rows, flags: flags, environment: environment, readFile: readFile)
        var reader = SettingsReader(sources, environment: environment, readFile: readFile)
        let settings = service(&reader, checkTLS)
        if let declared = sources.declared {
            reader.complain(
                "\"beats\" in \(declared.path)", "are for beatd serve: run keeps the one instance of its program")
        }
        let document = document(&reader, settings, host)
        let settle = reader.duration("settle")
        let stopTimeout = reader.duration("stop-timeout")
        faults += reader.faults
        guard faults.isEmpty, let document else { throw SettingsRefusal(faults: faults) }
        return RunSettings(
            service: LoadedSettings(
                settings: settings, entries: [], warnings: reader.warnings,
                declared: DeclaredBeats()), document: document, settle: settle, stopTimeout: stopTimeout,
            command: command)
    }

    /// The flags as the document that POST takes, so that one set of rules holds.
    private static func document(
        _ reader: inout SettingsReader, _ settings: Settings, _ host: HostAddresses
    ) -> RegistrationDocument? {
        let before = reader.faults.count
        var body = JSONObject()
        for (name, field) in fields {
            let text = reader.setting(name).text
            if !text.isEmpty { body[field] = .string(text) }
        }
        body["port"] = reader.optional("port") { text throws(SettingsComplaint) in
            .integer(Int64(try SettingsSyntax.integer(text, in: 1...65535)))
        }
        body["weight"] = reader.optional("weight") { text throws(SettingsComplaint) in
            guard let weight = Double(text) else { throw SettingsComplaint("must be a number, got \"\(text)\"") }
            return .number(weight)
        }
        body["metadata"] = reader.optional("metadata") { text throws(SettingsComplaint) in
            var map = JSONObject()
            for pair in try SettingsSyntax.pairs(text) { map[pair.key] = .string(pair.value) }
            return .object(map)
        }
        body["ip"] = reader.optional("ip") { text throws(SettingsComplaint) in
            guard AutoAddress.isMeant(by: text) else { return .string(text) }
            guard let chosen = try AutoAddress(text).choose(from: host.interfaces(), defaultRoute: host.defaultRoute())
            else { throw SettingsComplaint("\(text) fits no address of this host; give the address itself") }
            return .string(chosen)
        }
        let check = reader.value("check") { text throws(SettingsComplaint) in try RunCheck(text) }
        guard reader.faults.count == before else { return nil }
        if case .integer(let port)? = body["port"] {
            var ip = settings.defaultIP ?? ""
            if case .string(let given)? = body["ip"] { ip = given }
            body["checks"] = check.json(ip: ip, port: port, host)
        }
        do throws(DeclaredRegistration.Refusal) {
            return try DeclaredRegistration.read(
                .object(body), defaultNamespace: settings.nacosNamespace, defaultIP: settings.defaultIP,
                chooseAddress: { AutoAddress.choice($0) })
        } catch {
            for fault in error.faults { complain(fault, &reader) }
            return nil
        }
    }

    /// Names the flag behind the field.
    private static func complain(_ fault: DeclaredRegistration.Fault, _ reader: inout SettingsReader) {
        let field = fault.pointer.split(separator: "/").first.map(String.init) ?? ""
        let place = fields.first { $0.field == field }?.name ?? (field == "checks" ? "check" : field)
        reader.complain(place.isEmpty ? "run" : "--\(place)", fault.detail)
    }

    private static let fields: [(name: String, field: String)] = [
        ("service-name", "serviceName"), ("group-name", "groupName"), ("namespace-id", "namespaceId"),
        ("cluster-name", "clusterName"), ("period", "period"),
    ]
}

/// What the host says of its own addresses; an argument, so that tests can say something else.
struct HostAddresses {
    /// The addresses of the interfaces that are up.
    var interfaces: () -> [HostInterface] = HostInterface.all
    /// The interface with the default route.
    var defaultRoute: () -> String? = {
        guard case .success(let bytes) = Program.readFile("/proc/net/route") else { return nil }
        return AutoAddress.defaultRoute(in: String(decoding: bytes, as: UTF8.self))
    }
}

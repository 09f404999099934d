internal import ControlAPI
internal import EventLoop

/// How the address of an instance is chosen among those of this host: `auto`, `auto:eth0`, `auto:10.0.0.0/8`.
struct AutoAddress: Equatable {
    private enum Rule: Equatable {
        /// That of the interface with the default route, else of the first that is not loopback.
        case any
        case interface(String)
        case network(SocketAddress, bits: Int)
    }

    private let rule: Rule

    /// True for texts that this type is for, right or wrong.
    static func isMeant(by text: String) -> Bool { text == "auto" || text.hasPrefix("auto:") }

    init(_ text: String) throws(SettingsComplaint) {
        guard text != "auto" else {
            rule = .any
            return
        }
        let what = text.dropFirst("auto:".count)
        guard let slash = what.firstIndex(of: "/") else {
            // An interface's name has at most 15 bytes (IFNAMSIZ).
            guard (1...15).contains(what.utf8.count), !what.contains(" ") else {
                throw SettingsComplaint("must be auto, auto:INTERFACE or auto:NETWORK/BITS, got \"\(text)\"")
            }
            rule = .interface(String(what))
            return
        }
        guard let network = SocketAddress(host: String(what[..<slash]), port: 0),
            let bits = Int(what[what.index(after: slash)...]), (0...network.bits.count).contains(bits)
        else { throw SettingsComplaint("must name a network such as auto:10.0.0.0/8, got \"\(text)\"") }
        rule = .network(network, bits: bits)
    }

    /// The address, as text; nil when no interface has one that fits. `defaultRoute` is the interface that packets to
    /// elsewhere leave by.
    func choose(from interfaces: [HostInterface], defaultRoute: String?) -> String? {
        let usable = interfaces.filter { !$0.address.isLinkLocal }
        let fitting: [HostInterface]
        switch rule {
        case .any:
            let outer = usable.filter { !$0.isLoopback }
            let routed = outer.filter { $0.name == defaultRoute }
            fitting = routed.isEmpty ? outer : routed
        case .interface(let name): fitting = usable.filter { $0.name == name }
        case .network(let network, let bits):
            fitting = usable.filter {
                $0.address.bits.count == network.bits.count && $0.address.bits.prefix(bits) == network.bits.prefix(bits)
            }
        }
        // What most consumers can reach, where there is a choice.
        let first = fitting.first { $0.address.bits.count == 32 } ?? fitting.first
        return first?.address.host
    }

    /// What a rule comes to on this host, now.
    static func choice(_ text: String) -> AddressChoice {
        do throws(SettingsComplaint) {
            let host = HostAddresses()
            let rule = try AutoAddress(text)
            return rule.choose(from: host.interfaces(), defaultRoute: host.defaultRoute()).map { .address($0) } ?? .none
        } catch {
            return .invalid(error.text)
        }
    }

    /// The interface of the default route with the smallest metric, of `/proc/net/route` (proc_net(5)).
    static func defaultRoute(in table: String) -> String? {
        var best: (name: String, metric: Int)?
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard fields.count > 7, fields[1] == "00000000", fields[7] == "00000000", let metric = Int(fields[6])
            else { continue }
            if metric < best?.metric ?? .max { best = (String(fields[0]), metric) }
        }
        return best?.name
    }
}

extension SocketAddress {
    /// The address bit by bit, 32 or 128 of them.
    fileprivate var bits: [Bool] {
        switch self {
        case .v4(let address, _): (0..<32).map { address >> (31 - $0) & 1 == 1 }
        case .v6(let high, let low, _, _): (0..<128).map { ($0 < 64 ? high >> (63 - $0) : low >> (127 - $0)) & 1 == 1 }
        case .unix: []
        }
    }

    /// 169.254.0.0/16 or fe80::/10: of no use to other machines.
    fileprivate var isLinkLocal: Bool {
        switch self {
        case .v4(let address, _): address >> 16 == 0xa9fe
        case .v6(let high, _, _, _): high >> 54 == 0x3fa
        case .unix: true
        }
    }
}

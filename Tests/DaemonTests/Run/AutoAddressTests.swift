import EventLoop
import Testing

@testable import Daemon

@Suite struct AutoAddressTests {
    private static func interface(_ name: String, _ host: String, loopback: Bool = false) throws -> HostInterface {
        HostInterface(
            name: name, address: try #require(SocketAddress(host: host, port: 0)), isLoopback: loopback)
    }

    private func host() throws -> [HostInterface] {
        [
            try Self.interface("lo", "127.0.0.1", loopback: true),
            try Self.interface("docker0", "172.17.0.1"),
            try Self.interface("eth0", "fe80::1"),
            try Self.interface("eth0", "2001:db8::7"),
            try Self.interface("eth0", "169.254.3.4"),
            try Self.interface("eth0", "10.1.2.3"),
            try Self.interface("eth1", "192.168.0.9"),
            try Self.interface("wg0", "fd00::9"),
        ]
    }

    private static let choices: [(rule: String, defaultRoute: String?, address: String?)] = [
        ("auto", "eth0", "10.1.2.3"), ("auto", "wg0", "fd00::9"), ("auto", nil, "172.17.0.1"),
        ("auto", "none", "172.17.0.1"), ("auto:eth1", "eth0", "192.168.0.9"), ("auto:wg0", "eth0", "fd00::9"),
        ("auto:lo", "eth0", "127.0.0.1"), ("auto:192.168.0.0/16", "eth0", "192.168.0.9"),
        ("auto:0.0.0.0/0", "eth0", "127.0.0.1"), ("auto:10.1.2.3/32", "eth0", "10.1.2.3"),
        ("auto:10.1.2.2/32", "eth0", nil), ("auto:2001:db8::/32", "eth0", "2001:db8::7"), ("auto:eth9", "eth0", nil),
    ]

    @Test(arguments: choices)
    func chosen(rule: String, defaultRoute: String?, address: String?) throws {
        #expect(try AutoAddress(rule).choose(from: try host(), defaultRoute: defaultRoute) == address)
    }

    @Test(arguments: [
        "auto:", "auto:10.0.0.0/33", "auto:10.0.0/8", "auto:x/8", "auto:an-interface-too-long", "auto:::/129",
    ])
    func refused(rule: String) { #expect(throws: SettingsComplaint.self) { try AutoAddress(rule) } }

    @Test func theDefaultRouteWithTheSmallestMetricCounts() {
        let table = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
            eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
            eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            """
        #expect(AutoAddress.defaultRoute(in: table) == "eth0")
        #expect(AutoAddress.defaultRoute(in: "Iface\n") == nil)
    }

    @Test func thisHostHasALoopbackInterface() {
        #expect(HostInterface.all().contains { $0.isLoopback && $0.address.host == "127.0.0.1" })
    }
}

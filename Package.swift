// swift-tools-version: 6.2
import PackageDescription

/// Strictness every Swift target shares (docs/architecture.md, "The build").
///
/// Exclusivity is checked in debug builds, which the tests run; in release builds the dynamic checks cost a third
/// of the hot path and could only find what the tests did not.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-require-explicit-sendable"]),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: strict)
}

/// The dashboard: what `GET /` and `GET /ui/*` serve. `DashboardFiles` has the same list, and a test compares both with
/// the folder.
let dashboard = [
    "index.html", "base.css", "fleet.css", "panels.css", "icon.svg",
    "main.js", "api.js", "dom.js", "format.js", "clock.js", "fleet.js", "table.js", "filters.js", "charts.js",
    "overview.js", "servers.js", "details.js", "attempts.js", "dialogs.js", "writes.js", "follow.js", "events.js",
]

let package = Package(
    name: "beatd",
    products: [.executable(name: "beatd", targets: ["beatd"])],
    targets: [
        // MARK: C libraries from Debian
        .systemLibrary(name: "CLibevent", pkgConfig: "libevent_core", providers: [.apt(["libevent-dev"])]),
        // Not pkg-config's libevent_openssl: it brings in -levent, a second copy of what event_core has.
        .systemLibrary(
            name: "CLibeventOpenSSL", pkgConfig: "libssl", providers: [.apt(["libevent-dev", "libssl-dev"])]),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // fork, exec and what stands between them: the C library.
        .systemLibrary(name: "CProcess"),

        // MARK: pure: no I/O, no clock, no randomness of their own
        module("BeatCore"),
        module("HTTPWire"),
        module("JSON", ["CJansson"]),
        module("NacosWire", ["BeatCore", "HTTPWire", "JSON", "COpenSSL"]),
        module(
            "ControlAPI", ["BeatCore", "HTTPWire", "JSON"],
            resources: [.embedInCode("Resources/openapi.yaml")] + dashboard.map { .embedInCode("Resources/ui/\($0)") }),

        // MARK: the shell
        module("EventLoop", ["CLibevent", "CLibeventOpenSSL", "CProcess"]),
        module("Storage", ["CSQLite", "BeatCore"]),
        module("NamingStandIn", ["HTTPWire", "JSON", "EventLoop"]),
        module(
            "Daemon",
            ["BeatCore", "HTTPWire", "JSON", "NacosWire", "ControlAPI", "EventLoop", "Storage", "NamingStandIn"]),
        .executableTarget(name: "beatd", dependencies: ["Daemon"], swiftSettings: strict),

        // MARK: tests
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        tests("BeatCoreTests", ["BeatCore"]),
        tests("SimulationTests", ["BeatCore"]),
        tests("HTTPWireTests", ["HTTPWire"], exclude: ["Corpus", "Traces"]),
        tests("JSONTests", ["JSON"]),
        tests("NacosWireTests", ["NacosWire", "BeatCore", "HTTPWire", "JSON"], exclude: ["Traces"]),
        tests("ControlAPITests", ["ControlAPI", "BeatCore", "HTTPWire", "JSON"]),
        tests("EventLoopTests", ["EventLoop"]),
        tests("StorageTests", ["Storage", "BeatCore"]),
        tests("NamingStandInTests", ["NamingStandIn", "HTTPWire", "JSON", "EventLoop"], exclude: ["Traces"]),
        tests(
            "DaemonTests",
            [
                "Daemon", "BeatCore", "HTTPWire", "JSON", "NacosWire", "ControlAPI", "EventLoop", "Storage",
                "NamingStandIn", "CLibeventOpenSSL",
            ]),
        tests("DocumentationTests", ["ControlAPI", "Daemon"]),
        tests("TidyTests", ["ControlAPI", "Daemon"]),
    ]
)

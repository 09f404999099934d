// swift-tools-version: 6.2
import PackageDescription

/// The programs that beatd is measured beside, in a package of their own: nothing of them is built with beatd.
/// `bench.py` builds and runs them.
func program(_ name: String, _ sources: [String], _ libraries: [String] = []) -> Target {
    .executableTarget(
        name: name, path: ".", sources: sources,
        // The same for all compilers and modes: figures must not depend on who built it.
        cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])],
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

let package = Package(
    name: "Benchmarks",
    targets: [
        program("sink", ["sink.c", "instance.c", "punctuality.c"]),
        program("bare", ["bare.c"]),
        program("load", ["load.c"]),
        program("saturate", ["saturate.c"], ["event_core"]),
        program("peer", ["peer.c"], ["event_core", "event_extra"]),
        program("storing", ["storing.c"], ["event_core", "event_extra", "sqlite3"]),
    ])

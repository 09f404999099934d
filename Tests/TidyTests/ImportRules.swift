/// Who may import what: the table of docs/architecture.md. The build checks that an import is declared in
/// `Package.swift`; this checks that the declaration itself has not drifted from the design.
enum ImportRules {
    /// Of the pure targets, only what is named; the standard library needs no import.
    static let allowed: [String: Set<String>] = [
        "BeatCore": [],
        "HTTPWire": [],
        "JSON": ["CJansson"],
        "NacosWire": ["BeatCore", "HTTPWire", "JSON", "COpenSSL"],
        "ControlAPI": ["BeatCore", "HTTPWire", "JSON"],
        "EventLoop": ["CLibevent", "CLibeventOpenSSL", "CProcess", "Glibc"],
        "Storage": ["CSQLite", "BeatCore", "Glibc"],
        "NamingStandIn": ["HTTPWire", "JSON", "EventLoop", "Glibc"],
        "Daemon": [
            "BeatCore", "HTTPWire", "JSON", "NacosWire", "ControlAPI", "EventLoop", "Storage", "NamingStandIn", "Glibc",
        ],
        "beatd": ["Daemon", "NamingStandIn"],
    ]

    /// Not in tests either: they would come into every build of the tests and hide what the program lacks.
    static let banned: Set<String> = [
        "Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML", "Dispatch", "XCTest",
    ]

    /// The module of an import line; nil for any other line.
    static func module(of code: [UInt8]) -> String? {
        var words = String(decoding: code, as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == ";" }
        while let first = words.first, first.hasPrefix("@") || accessLevels.contains(first) { words.removeFirst() }
        guard words.first == "import", words.count > 1 else { return nil }
        words.removeFirst()
        if kinds.contains(words[0]), words.count > 1 { words.removeFirst() }
        return words[0].split(separator: ".").first.map(String.init)
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "let", "var", "typealias",
    ]

    static func imports(_ file: SourceFile) -> [Finding] {
        var findings: [Finding] = []
        for (index, code) in file.code.enumerated() {
            guard let module = module(of: code) else { continue }
            let refused: String?
            if banned.contains(module) {
                refused = "no file here imports \(module)"
            } else if let target = file.target {
                refused =
                    allowed[target].map { $0.contains(module) } == false ? "\(target) may not import \(module)" : nil
            } else {
                refused = nil
            }
            if let refused { findings.append(Finding(path: file.path, line: index + 1, message: refused)) }
        }
        return findings
    }

    /// A target that the table does not know has no rules, so it must come into the table.
    static func knownTarget(_ file: SourceFile) -> [Finding] {
        guard let target = file.target, allowed[target] == nil else { return [] }
        return [Finding(path: file.path, line: 0, message: "target \(target) has no row in ImportRules.allowed")]
    }
}

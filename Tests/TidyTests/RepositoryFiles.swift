import TestSupport

/// The files of this repository that the rules look at.
enum RepositoryFiles {
    /// Every Swift file of Sources and Tests.
    static let swift: [SourceFile] = read(["Sources", "Tests"]) { $0.hasSuffix(".swift") }

    /// Every text that people write here, by its extension or name.
    static let texts: [SourceFile] =
        read(["Sources", "Tests", "scripts", "deploy", ".ci"]) { path in
            let name = path.split(separator: "/").last ?? ""
            let parts = name.split(separator: ".")
            return parts.count < 2 || textExtensions.contains(parts[parts.count - 1])
        } + ["Makefile", "Dockerfile", "Package.swift"].compactMap(read)

    private static let textExtensions: Set<Substring> = [
        "swift", "c", "h", "modulemap", "sh", "py", "js", "css", "html", "md", "yaml", "yml",
    ]

    /// The folders of Sources that hold Swift.
    static var targets: [String] { Set(swift.compactMap(\.target)).sorted() }

    private static func read(_ folders: [String], where wanted: (String) -> Bool) -> [SourceFile] {
        folders.flatMap { folder in
            filesBelow("\(repositoryRoot)/\(folder)").map { "\(folder)/\($0)" }.filter(wanted).compactMap(read)
        }
    }

    private static func read(_ path: String) -> SourceFile? {
        guard let text = try? readText("\(repositoryRoot)/\(path)") else { return nil }
        return SourceFile(path: path, text: text)
    }
}

/// How long files and functions may be (docs/architecture.md): short enough to be read at one sitting.
enum SizeRules {
    static let fileLimit = 400
    static let functionLimit = 70
    /// `main` is a list of steps.
    static let mainLimit = 60

    /// Files that may be longer, each with its reason.
    static let longFiles: [String: String] = [:]

    static func files(_ file: SourceFile) -> [Finding] {
        guard file.lineCount > fileLimit, longFiles[file.path] == nil else { return [] }
        return [Finding(path: file.path, line: 0, message: "\(file.lineCount) lines, at most \(fileLimit)")]
    }

    static func functions(_ file: SourceFile) -> [Finding] {
        FunctionMeasure.functions(in: file.code).filter { $0.length > functionLimit }.map {
            Finding(
                path: file.path, line: $0.line,
                message: "'\($0.name)' takes \($0.length) lines, at most \(functionLimit)")
        }
    }

    static func main(_ file: SourceFile) -> [Finding] {
        guard file.path == "Sources/beatd/main.swift", file.lineCount > mainLimit else { return [] }
        return [Finding(path: file.path, line: 0, message: "\(file.lineCount) lines, at most \(mainLimit)")]
    }
}

import Glibc

/// One case of a corpus file; the format is described at the head of `Corpus/requests.corpus`.
///
/// The cases of requests run against the parser and, over sockets, against the daemon.
public struct WireCase: Sendable, CustomStringConvertible {
    /// Unique within its file.
    public var name: String
    /// All `>` lines, escapes resolved.
    public var bytes: [UInt8] = []
    /// The words of each `=` line.
    public var outcomes: [[String]] = []
    /// The words of each `!` line.
    public var flags: Set<String> = []

    /// The name.
    public var description: String { name }
}

/// A corpus file that cannot be read as one.
public struct WireCorpusError: Error, CustomStringConvertible {
    /// Where and what.
    public var description: String
}

/// Reads corpus files.
public enum WireCorpus {
    /// The cases of a file, in order.
    public static func load(_ path: String) throws(WireCorpusError) -> [WireCase] {
        let text = String(decoding: try bytes(of: path), as: UTF8.self)
        var cases: [WireCase] = []
        var names: Set<String> = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let where_ = "\(path):\(index + 1)"
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("case ") {
                let name = String(line.dropFirst(5))
                guard names.insert(name).inserted else {
                    throw WireCorpusError(description: "\(where_): second \(name)")
                }
                cases.append(WireCase(name: name))
                continue
            }
            guard !cases.isEmpty else { throw WireCorpusError(description: "\(where_): outside of a case") }
            let last = cases.count - 1
            switch line.prefix(2) {
            case "> ", ">":
                guard let bytes = unescape(line.dropFirst(2).utf8) else {
                    throw WireCorpusError(description: "\(where_): bad escape")
                }
                cases[last].bytes += bytes
            case "= ": cases[last].outcomes.append(line.dropFirst(2).split(separator: " ").map(String.init))
            case "! ": cases[last].flags.insert(String(line.dropFirst(2)))
            default: throw WireCorpusError(description: "\(where_): neither case, >, = nor !")
            }
        }
        return cases
    }

    /// The value of `key=` among the words of an outcome, escapes resolved.
    public static func value(_ key: String, in outcome: [String]) -> [UInt8]? {
        for word in outcome where word.hasPrefix(key + "=") { return unescape(word.dropFirst(key.count + 1).utf8) }
        return nil
    }

    /// All bytes of a file.
    public static func bytes(of path: String) throws(WireCorpusError) -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw WireCorpusError(description: "cannot open \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// The names in a folder, sorted, without hidden ones.
    public static func names(in folder: String) throws(WireCorpusError) -> [String] {
        guard let handle = opendir(folder) else { throw WireCorpusError(description: "cannot open \(folder)") }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func unescape(_ text: Substring.UTF8View) -> [UInt8]? {
        var rest = text
        return unescape(&rest, toBrace: false)
    }

    /// Reads to the end, or behind the brace that closes a repetition.
    private static func unescape(_ rest: inout Substring.UTF8View, toBrace: Bool) -> [UInt8]? {
        var output: [UInt8] = []
        while let byte = rest.popFirst() {
            if toBrace, byte == UInt8(ascii: "}") { return output }
            guard byte == UInt8(ascii: "\\") else {
                output.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "0"): output.append(0)
            case UInt8(ascii: "\\"): output.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                guard let value = UInt8(Substring(rest.prefix(2)), radix: 16) else { return nil }
                output.append(value)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "{"):
                guard let blank = rest.firstIndex(of: UInt8(ascii: " ")), let times = Int(Substring(rest[..<blank]))
                else { return nil }
                rest = rest[rest.index(after: blank)...]
                guard let piece = unescape(&rest, toBrace: true) else { return nil }
                for _ in 0..<times { output += piece }
            default: return nil
            }
        }
        return toBrace ? nil : output
    }
}

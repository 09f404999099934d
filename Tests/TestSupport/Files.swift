import Glibc

/// What the system refused, by the name of the call, the path and `errno`.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call that failed, as in the manual.
    public let call: String
    /// The path or program it was about; empty where there is none.
    public let subject: String
    /// The value of `errno`.
    public let code: Int32

    /// An error with the given `errno`, by default that of the call just made.
    public init(_ call: String, _ subject: String = "", code: Int32? = nil) {
        self.code = code ?? errno
        self.call = call
        self.subject = subject
    }

    /// "open /x: No such file or directory".
    public var description: String {
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return "\(call)\(subject.isEmpty ? "" : " \(subject)"): \(reason)"
    }
}

/// The bytes of the file at an absolute path.
public func readFile(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open", path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while try appendAvailable(descriptor, to: &bytes, path) {}
    return bytes
}

/// The text of the file at an absolute path; bytes that are not UTF-8 become replacement characters.
public func readText(_ path: String) throws(SystemError) -> String {
    String(decoding: try readFile(path), as: UTF8.self)
}

/// Creates the file or replaces its contents.
public func writeFile(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("open", path) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written > 0 else { throw SystemError("write", path) }
        rest = rest.dropFirst(written)
    }
}

/// Whether something exists at the path.
public func fileExists(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

/// The names in a folder, sorted, without `.` and `..`; empty when there is no such folder.
public func namesInFolder(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// The paths, relative to `folder`, of all regular files below it, sorted; hidden folders are left out, symbolic links
/// are not followed.
public func filesBelow(_ folder: String) -> [String] {
    var found: [String] = []
    for name in namesInFolder(folder) {
        var status = stat()
        guard lstat("\(folder)/\(name)", &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFREG: found.append(name)
        case S_IFDIR where !name.hasPrefix("."):
            found += filesBelow("\(folder)/\(name)").map { "\(name)/\($0)" }
        default: break
        }
    }
    return found
}

/// Reads once and appends; false at the end of the file.
func appendAvailable(_ descriptor: Int32, to bytes: inout [UInt8], _ subject: String) throws(SystemError) -> Bool {
    let capacity = 65536
    var code: Int32 = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        let received = read(descriptor, buffer.baseAddress, capacity)
        if received < 0 { code = errno }
        count = max(0, received)
    }
    guard code == 0 else { throw SystemError("read", subject, code: code) }
    bytes += chunk
    return !chunk.isEmpty
}

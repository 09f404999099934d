import Glibc

/// Calls `body` with the absolute path of a new, empty folder, and removes the folder and all in it afterwards.
///
/// The path is short (under `/tmp`), so that a unix socket fits in it.
public func withTemporaryDirectory<Result, Failure: Error>(
    _ body: (String) throws(Failure) -> Result
) throws(Failure) -> Result {
    var template = Array("/tmp/beatd-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        preconditionFailure("\(SystemError("mkdtemp", "/tmp"))")
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeTree(path) }
    return try body(path)
}

/// Removes a file, or a folder and all below it; what is not there is no error. Symbolic links are not followed.
public func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
        for name in namesInFolder(path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    } else {
        unlink(path)
    }
}

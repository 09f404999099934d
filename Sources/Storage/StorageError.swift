/// Why something could not be stored or read.
public enum StorageError: Error, Equatable, Sendable {
    /// The data folder cannot be made, opened or written.
    case folderUnusable(path: String, reason: String)
    /// Another process has the data folder.
    case inUse(path: String, by: String)
    /// The data folder is on a file system that other machines share, where SQLite's WAL does not hold.
    case networkFileSystem(path: String, name: String)
    /// A newer beatd wrote the file; it was not touched.
    case newerSchema(path: String, found: Int64, known: Int64)
    /// The file belongs to another program; it was not touched.
    case foreign(path: String)
    /// What is in the file cannot be what was written.
    case corrupt(String)
    /// No space is left.
    case full(String)
    /// Another process holds the database locked.
    case locked(String)
    /// The file may not be written.
    case readOnly(String)
    /// The system failed to read or write.
    case failed(String)
}

extension StorageError: CustomStringConvertible {
    /// One line, for people.
    public var description: String {
        switch self {
        case .folderUnusable(let path, let reason):
            "the data folder \(path) cannot be used: \(reason); name another by --data-dir, or keep nothing with "
                + "--data-dir memory"
        case .inUse(let path, let holder): "the data folder \(path) is in use by another beatd\(holder)"
        case .networkFileSystem(let path, let name):
            "the data folder \(path) is on \(name), a network file system, where SQLite's WAL does not hold; "
                + "use a local folder, or --data-dir memory"
        case .newerSchema(let path, let found, let known):
            "\(path) was written by a newer beatd (schema \(found), this one knows \(known)); it was not touched"
        case .foreign(let path): "\(path) is the database of another program; it was not touched"
        case .corrupt(let detail): "the database is corrupt: \(detail)"
        case .full(let detail): "no space left: \(detail)"
        case .locked(let detail): "locked by another process: \(detail)"
        case .readOnly(let detail): "not writable: \(detail)"
        case .failed(let detail): "input/output failed: \(detail)"
        }
    }
}

internal import CSQLite
import Glibc

/// The folder that beatd stores in, taken by this process: nobody else gets it until the process ends.
public final class DataFolder: Sendable {
    /// The folder's path, as it was given.
    public let path: String
    private let lock: Int32

    /// The file that is locked; the number of the process that has it stands in it.
    static let lockName = "beatd.lock"
    static let databaseName = "beatd.db"

    /// File systems that several machines write to, or that cannot share memory between processes (statfs(2),
    /// linux/magic.h).
    private static let refused: [UInt32: String] = [
        0x6969: "NFS", 0x517b: "SMB", 0xff53_4d42: "CIFS", 0xfe53_4d42: "SMB2", 0x5346_414f: "AFS",
        0x6b41_4653: "AFS", 0x7375_7245: "Coda", 0x564c: "NCP", 0x0102_1997: "9P", 0x00c3_6400: "Ceph",
        0x0bd0_0bd0: "Lustre", 0x4750_4653: "GPFS", 0x7461_636f: "OCFS2", 0x0116_1970: "GFS2",
        0x786f_4256: "a VirtualBox share",
    ]

    /// Makes the folder when it is not there, checks that it lies on a local file system, and locks it.
    public init(_ path: String) throws(StorageError) {
        self.path = path
        guard DataFolder.make(path) else {
            throw .folderUnusable(path: path, reason: String(cString: strerror(errno)))
        }
        let lockPath = "\(path)/\(DataFolder.lockName)"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw .folderUnusable(path: path, reason: String(cString: strerror(errno)))
        }
        if let name = DataFolder.refused[beatd_file_system_of(descriptor)] {
            close(descriptor)
            throw .networkFileSystem(path: path, name: name)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = DataFolder.holder(descriptor)
            close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw .folderUnusable(path: path, reason: String(cString: strerror(reason)))
            }
            throw .inUse(path: path, by: holder)
        }
        // Not before: once it is set, a throw would run deinit too, and close somebody else's descriptor.
        lock = descriptor
        let own = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = own.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { close(lock) }

    var databasePath: String { "\(path)/\(DataFolder.databaseName)" }

    /// Makes the folder anew when somebody has removed it.
    func makeAgain() throws(StorageError) {
        guard !DataFolder.make(path) else { return }
        throw .folderUnusable(path: path, reason: String(cString: strerror(errno)))
    }

    /// Makes the database's file when it is not there, readable by nobody else: metadata may hold secrets. SQLite gives
    /// the files beside it the same mode.
    func makeDatabase() throws(StorageError) {
        let descriptor = open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw .folderUnusable(path: path, reason: String(cString: strerror(errno)))
        }
        close(descriptor)
    }

    /// Moves a broken database out of the way, its log with it, to `beatd.db.corrupt-<seconds>`; where to.
    public func setAside(at seconds: Int64) throws(StorageError) -> String {
        let target = "\(databasePath).corrupt-\(seconds)"
        guard rename(databasePath, target) == 0 else {
            throw .folderUnusable(path: path, reason: String(cString: strerror(errno)))
        }
        rename("\(databasePath)-wal", "\(target)-wal")
        unlink("\(databasePath)-shm")
        FileSync.sync(path)
        return target
    }

    private static func make(_ path: String) -> Bool {
        if mkdir(path, 0o750) == 0 || errno == EEXIST { return true }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return false }
        return make(String(path[..<slash])) && (mkdir(path, 0o750) == 0 || errno == EEXIST)
    }

    /// ` (process 123)`, when the holder wrote who it is.
    private static func holder(_ descriptor: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return "" }
        let digits = text[..<count].prefix { (48...57).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}

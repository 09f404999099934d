internal import BeatCore
internal import EventLoop
import Glibc

/// The few things asked of the file system before the loop turns.
enum FileSystem {
    /// Makes the folder that a path lies in, with those above it; false with `errno` when it cannot be.
    static func makeFolder(of path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return true }
        let folder = String(path[..<slash])
        var status = stat()
        if stat(folder, &status) == 0 { return true }
        guard makeFolder(of: folder) else { return false }
        return mkdir(folder, 0o755) == 0 || errno == EEXIST
    }
}

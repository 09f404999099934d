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

    /// The names in a folder, sorted by their bytes.
    static func names(in folder: String) -> Result<[String], SettingsFileError> {
        guard let stream = opendir(folder) else {
            return .failure(errno == ENOENT ? .notFound : .unreadable(SystemError.text(errno)))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) {
                        String(cString: $0)
                    }
                })
        }
        return .success(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}

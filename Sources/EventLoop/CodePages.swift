import Glibc

/// The pages of the program's code that are in its address space.
public enum CodePages {
    /// Takes all code out of the resident set, that of the libraries too. What is run again comes back from the page
    /// cache by itself, so this belongs behind a start, which runs much that is never run again.
    ///
    /// Only executable mappings of files: nothing ever writes to them. Nothing happens without /proc. Any thread.
    public static func giveBack() {
        for line in readMaps().split(separator: "\n") {
            // address perms offset dev inode pathname (proc_pid_maps(5)); inode 0 is no file.
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count == 6, fields[1] == "r-xp", fields[4] != "0" else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1] else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: ends[0]), Int(ends[1] - ends[0]), MADV_DONTNEED)
        }
    }

    /// More mappings than a process of this kind has fit into this.
    private static let mapsMax = 256 << 10

    private static func readMaps() -> String {
        let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < mapsMax {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

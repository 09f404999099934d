internal import BeatCore
internal import EventLoop
import Glibc

/// What this host gives: descriptors, disk, the folder of the socket. Changes nothing.
enum HostExamination {
    static func findings(_ settings: Settings) -> [Finding] {
        [descriptors(settings), disk(settings), socket(settings)].compactMap { $0 }
    }

    private static func descriptors(_ settings: Settings) -> Finding {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let limits = HTTPServerLimits()
        let servers = max(1, settings.nacosServers.count)
        let needed =
            limits.tcpConnections + limits.unixConnections
            + servers * NacosClientLimits.connectionsMax(settings.connectionsPerServer) + 64
        return descriptors(Int(clamping: limit.rlim_cur), needed: needed)
    }

    static func descriptors(_ limit: Int, needed: Int) -> Finding {
        let subject = "descriptors"
        guard limit < needed else {
            return Finding(mark: .ok, subject: subject, detail: "\(limit), at most \(needed) are used")
        }
        return Finding(
            mark: .warn, subject: subject, detail: "\(limit), and \(needed) may be wanted when servers are slow",
            fix: "raise it: ulimit -n \(needed), or LimitNOFILE=\(needed) in the unit")
    }

    private static func disk(_ settings: Settings) -> Finding? {
        guard case .folder(let path) = settings.dataDirectory else {
            return Finding(mark: .ok, subject: "disk", detail: "nothing is stored (--data-dir memory)")
        }
        let subject = "disk \(path)"
        var folder = path
        while access(folder, F_OK) != 0, folder != "/", let slash = folder.lastIndex(of: "/") {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            return Finding(
                mark: .fail, subject: subject, detail: "\(folder): \(SystemError.text(errno))",
                fix: "let user \(geteuid()) write there, or name another by --data-dir")
        }
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            return Finding(mark: .fail, subject: subject, detail: SystemError.text(errno))
        }
        let free = (UInt64(status.f_bavail) * UInt64(status.f_frsize)) >> 20
        guard free >= freeMebibytesMin else {
            return Finding(
                mark: .warn, subject: subject, detail: "\(free) MiB are free",
                fix: "make room: writes are refused without")
        }
        return Finding(mark: .ok, subject: subject, detail: "can be written, \(free) MiB are free")
    }

    /// A million registrations take about 200 MB, a log beside them as much; an ordinary host far less.
    private static let freeMebibytesMin: UInt64 = 64

    private static func socket(_ settings: Settings) -> Finding? {
        guard let path = settings.socket else { return nil }
        let subject = "socket \(path)"
        var status = stat()
        guard stat(path, &status) == 0 else {
            return Finding(mark: .ok, subject: subject, detail: "is not there yet")
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            return Finding(
                mark: .fail, subject: subject, detail: "is no socket", fix: "remove it, or name another by --socket")
        }
        let mode = String(status.st_mode & 0o777, radix: 8)
        guard status.st_mode & 0o002 == 0 else {
            return Finding(
                mark: .warn, subject: subject, detail: "mode \(mode): everybody on this host may write",
                fix: "chmod o-w, or close its folder")
        }
        return Finding(mark: .ok, subject: subject, detail: "mode \(mode)")
    }
}

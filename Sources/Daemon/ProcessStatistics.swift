internal import ControlAPI
internal import EventLoop
import Glibc

/// What the kernel says of this process, for the standard `process_*` metrics.
enum ProcessStatistics {
    /// Reads it now; costs a few system calls, so it is asked for by scrapes only.
    static func sample(startedAt startTimeSeconds: Double) -> ProcessMetrics {
        var metrics = ProcessMetrics()
        metrics.cpuSeconds = cpuSeconds()
        metrics.openDescriptors = openDescriptors()
        metrics.maxDescriptors = limit(RLIMIT_NOFILE)
        metrics.maxVirtualMemoryBytes = limit(RLIMIT_AS)
        metrics.startTimeSeconds = startTimeSeconds
        // statm: size and resident set, in pages.
        let pages = firstNumbers(of: "/proc/self/statm")
        let pageSize = sysconf(Int32(_SC_PAGESIZE))
        if pages.count >= 2 {
            metrics.virtualMemoryBytes = pages[0] * pageSize
            metrics.residentMemoryBytes = pages[1] * pageSize
        }
        return metrics
    }

    /// User and system time of the process; one system call.
    static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    private static func limit(_ resource: __rlimit_resource) -> Int? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limits) == 0, limits.rlim_cur != rlim_t.max else {
            return nil
        }
        return Int(clamping: limits.rlim_cur)
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Itself, "." and "..".
        return count - 3
    }

    private static func firstNumbers(of path: String) -> [Int] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ").compactMap { Int($0) }
    }
}

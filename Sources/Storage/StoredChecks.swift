internal import BeatCore

// The checks of a document as bytes: each its kind, the five numbers that all have, and its target. Times are in
// milliseconds; the kinds' numbers keep their meaning for ever.
extension RegistrationRecord {
    static func append(_ checks: [Check], to out: inout [UInt8]) {
        for check in checks {
            out.append(check.kind.rawValue)
            for time in [check.every, check.timeout, check.grace] { append(milliseconds: time, to: &out) }
            append(length: UInt64(check.fall), to: &out)
            append(length: UInt64(check.rise), to: &out)
            append(check.target, to: &out)
        }
    }

    private static func append(_ target: Check.Target, to out: inout [UInt8]) {
        switch target {
        case .http(let url, let expect):
            append(url.text, to: &out)
            append(length: UInt64(expect.lowerBound), to: &out)
            append(length: UInt64(expect.upperBound), to: &out)
        case .tcp(let address):
            append(address.host, to: &out)
            append(length: UInt64(address.port), to: &out)
        case .pid(let pid): append(length: UInt64(clamping: pid), to: &out)
        case .ttl(let ttl): append(milliseconds: ttl, to: &out)
        case .exec(let command):
            append(length: UInt64(command.count), to: &out)
            for argument in command { append(argument, to: &out) }
        }
    }

    private static func append(milliseconds time: Duration, to out: inout [UInt8]) {
        append(length: UInt64(clamping: time.wholeMilliseconds), to: &out)
    }
}

extension RecordReader {
    /// Checks up to `end`.
    mutating func checks(_ bytes: Span<UInt8>, until end: Int) throws(RegistrationRecord.Fault) -> [Check] {
        var checks: [Check] = []
        while position < end {
            guard let kind = Check.Kind(rawValue: try byte(bytes)) else { throw .newer }
            let every = try milliseconds(bytes)
            let timeout = try milliseconds(bytes)
            let grace = try milliseconds(bytes)
            let fall = try number(bytes, UInt16.self)
            let rise = try number(bytes, UInt16.self)
            checks.append(
                Check(
                    try target(bytes, kind), every: every, timeout: timeout, fall: fall, rise: rise, grace: grace))
        }
        return checks
    }

    private mutating func target(
        _ bytes: Span<UInt8>, _ kind: Check.Kind
    ) throws(RegistrationRecord.Fault) -> Check.Target {
        switch kind {
        case .http:
            guard let url = CheckURL(parsing: try string(bytes)) else { throw .broken }
            let first = try number(bytes, UInt16.self)
            let last = try number(bytes, UInt16.self)
            guard first <= last else { throw .broken }
            return .http(url, expect: first...last)
        case .tcp: return .tcp(CheckAddress(host: try string(bytes), port: try number(bytes, UInt16.self)))
        case .pid: return .pid(try number(bytes, Int32.self))
        case .ttl: return .ttl(try milliseconds(bytes))
        case .exec:
            let count = try length(bytes)
            guard (1...UInt64(bytes.count)).contains(count) else { throw .broken }
            var command: [String] = []
            for _ in 0..<count { command.append(try string(bytes)) }
            return .exec(command)
        }
    }

    private mutating func milliseconds(_ bytes: Span<UInt8>) throws(RegistrationRecord.Fault) -> Duration {
        .milliseconds(Int64(clamping: try length(bytes)))
    }

    private mutating func number<Number: FixedWidthInteger>(
        _ bytes: Span<UInt8>, _ type: Number.Type
    ) throws(RegistrationRecord.Fault) -> Number {
        guard let number = Number(exactly: try length(bytes)) else { throw .broken }
        return number
    }
}

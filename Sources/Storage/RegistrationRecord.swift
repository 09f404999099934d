internal import BeatCore

/// A registration as bytes: what stands in the column `body`.
///
/// The first byte names the format; behind it the checksum of everything that follows, then fixed fields, the key, and
/// tagged fields for what differs from the defaults. Integers are little-endian, lengths and tagged integers LEB128.
/// A new field of the document gets a new tag; a tag keeps its meaning for ever.
enum RegistrationRecord {
    /// The format that this version writes.
    static let format: UInt8 = 1
    /// Format byte and checksum.
    private static let prefixLength = 9

    enum Tag: UInt8 {
        case weight = 1
        case disabled = 2
        case metadata = 3
        case period = 4
        case onUnhealthy = 5
        case keptOnExit = 6
        case labels = 7
        case chosenID = 8
        case declared = 9
        case checks = 10
        case ipRule = 11
    }

    /// Why bytes are not a registration.
    enum Fault: Error, Equatable {
        /// They cannot be what was written.
        case broken
        /// They are of a newer version of beatd.
        case newer
    }

    /// Replaces `out` by the bytes of a registration. `zero` is the wall clock at monotonic zero, in milliseconds.
    static func write(_ stored: StoredRegistration, zero: Int64, to out: inout [UInt8]) {
        out.removeAll(keepingCapacity: true)
        out.append(format)
        append(fixed: UInt64(0), to: &out)
        append(fixed: stored.rev, to: &out)
        append(fixed: UInt64(stored.generation), to: &out)
        append(fixed: UInt64(bitPattern: stored.createdAt.wholeMilliseconds + zero), to: &out)
        append(fixed: UInt64(bitPattern: stored.updatedAt.wholeMilliseconds + zero), to: &out)
        let document = stored.document
        let key = document.key
        append(fixed: key.port, to: &out)
        for part in [key.namespaceId, key.groupName, key.serviceName, key.clusterName, key.ip] {
            append(part, to: &out)
        }
        appendTagged(document, to: &out)
        if let id = stored.chosenID { tag(.chosenID, to: &out) { append(id, to: &$0) } }
        let sum = checksum(out.span.extracting(prefixLength...), serial: stored.serial)
        for position in 0..<8 { out[1 + position] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * position)) }
    }

    private static func appendTagged(_ document: RegistrationDocument, to out: inout [UInt8]) {
        if document.weight != 1 {
            tag(.weight, to: &out) { append(fixed: document.weight.bitPattern, to: &$0) }
        }
        if !document.enabled { tag(.disabled, to: &out) { _ in } }
        if !document.metadata.isEmpty { tag(.metadata, to: &out) { append(document.metadata, to: &$0) } }
        if let period = document.period {
            tag(.period, to: &out) { append(length: UInt64(clamping: period.wholeMilliseconds), to: &$0) }
        }
        switch document.onUnhealthy {
        case .stop: break
        case .disable: tag(.onUnhealthy, to: &out) { $0.append(1) }
        case .deregister: tag(.onUnhealthy, to: &out) { $0.append(2) }
        }
        if !document.deregisterOnExit { tag(.keptOnExit, to: &out) { _ in } }
        if document.source == .file { tag(.declared, to: &out) { _ in } }
        if !document.checks.isEmpty { tag(.checks, to: &out) { append(document.checks, to: &$0) } }
        if let rule = document.ipRule { tag(.ipRule, to: &out) { append(rule, to: &$0) } }
        if !document.labels.isEmpty { tag(.labels, to: &out) { append(document.labels, to: &$0) } }
    }

    // MARK: reading

    /// What stands in `bytes`; serial, stage, accepted generation and hold have columns of their own.
    static func read(
        _ bytes: Span<UInt8>, serial: UInt64, stage: StoredRegistration.Stage, acceptedGeneration: UInt32,
        hold: HoldRecord? = nil, zero: Int64
    ) throws(Fault) -> StoredRegistration {
        guard bytes.count >= prefixLength else { throw .broken }
        guard bytes[0] == format else { throw bytes[0] > format ? .newer : .broken }
        var reader = RecordReader(position: 1)
        let sum = try reader.fixed(bytes, as: UInt64.self)
        guard sum == checksum(bytes.extracting(prefixLength...), serial: serial) else {
            throw .broken
        }
        let rev = try reader.fixed(bytes, as: UInt64.self)
        let generation = UInt32(truncatingIfNeeded: try reader.fixed(bytes, as: UInt64.self))
        let createdAt = try reader.instant(bytes, zero: zero)
        let updatedAt = try reader.instant(bytes, zero: zero)
        let port = try reader.fixed(bytes, as: UInt16.self)
        let key = InstanceKey(
            namespaceId: try reader.string(bytes), groupName: try reader.string(bytes),
            serviceName: try reader.string(bytes), clusterName: try reader.string(bytes),
            ip: try reader.string(bytes), port: port)
        var document = RegistrationDocument(key: key)
        var chosenID: String?
        while reader.position < bytes.count { try readTagged(bytes, &reader, into: &document, &chosenID) }
        return StoredRegistration(
            serial: serial, document: consume document, stage: stage, generation: generation,
            acceptedGeneration: acceptedGeneration, rev: rev, createdAt: createdAt, updatedAt: updatedAt,
            chosenID: consume chosenID, hold: hold)
    }

    private static func readTagged(
        _ bytes: Span<UInt8>, _ reader: inout RecordReader, into document: inout RegistrationDocument,
        _ chosenID: inout String?
    ) throws(Fault) {
        guard let tag = Tag(rawValue: try reader.byte(bytes)) else { throw .newer }
        let end = try reader.end(bytes)
        switch tag {
        case .weight: document.weight = Double(bitPattern: try reader.fixed(bytes, as: UInt64.self))
        case .disabled: document.enabled = false
        case .metadata: document.metadata = try reader.map(bytes, until: end)
        case .period: document.period = .milliseconds(Int64(clamping: try reader.length(bytes)))
        case .onUnhealthy:
            switch try reader.byte(bytes) {
            case 1: document.onUnhealthy = .disable
            case 2: document.onUnhealthy = .deregister
            default: throw .newer
            }
        case .keptOnExit: document.deregisterOnExit = false
        case .declared: document.source = .file
        case .checks: document.checks = try reader.checks(bytes, until: end)
        case .ipRule: document.ipRule = try reader.string(bytes)
        case .labels: document.labels = try reader.map(bytes, until: end)
        case .chosenID: chosenID = try reader.string(bytes)
        }
        guard reader.position == end else { throw .broken }
    }

    /// FNV-1a in words of 64 bits: it has to notice a flipped bit or a torn page, not an attacker.
    static func checksum(_ bytes: Span<UInt8>, serial: UInt64) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ serial
        var position = 0
        while position + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            hash = (hash ^ word) &* 0x100_0000_01b3
            hash ^= hash >> 29
            position += 8
        }
        while position < bytes.count {
            hash = (hash ^ UInt64(bytes[position])) &* 0x100_0000_01b3
            position += 1
        }
        return hash ^ (hash >> 32)
    }

    // MARK: writing

    private static func tag(_ tag: Tag, to out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        out.append(tag.rawValue)
        var payload: [UInt8] = []
        body(&payload)
        append(length: UInt64(payload.count), to: &out)
        out.append(contentsOf: payload)
    }

    static func append<Value: FixedWidthInteger & UnsignedInteger>(fixed value: Value, to out: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
    }

    static func append(length value: UInt64, to out: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }

    static func append(_ text: String, to out: inout [UInt8]) {
        append(length: UInt64(text.utf8.count), to: &out)
        out.append(contentsOf: text.utf8)
    }

    private static func append(_ map: StringMap, to out: inout [UInt8]) {
        for entry in map.entries {
            append(entry.key, to: &out)
            append(entry.value, to: &out)
        }
    }
}

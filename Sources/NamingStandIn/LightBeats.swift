import HTTPWire

/// The fast path: a light beat of a known instance, without a string or an array being made.
///
/// It answers nothing else: whatever is unusual goes to the handlers, which decide it in full.
extension NamingServer {
    mutating func lightBeat(_ request: HTTPRequest, at now: Int64) -> NamingAnswer? {
        guard request.method == .put, request.body.isEmpty, request.version == .http11, switches.status == .up,
            let query = request.target.query, request.target.path == Endpoint.beatPath
        else { return nil }
        if let accept = request.fields["Accept"], accept != "*/*", accept != "application/json" { return nil }
        guard profile.oldPaths == .all || profile.oldPaths == .clients, profile.beatAnswers != .interval,
            request.fields["Host"] != nil, hasGoodBearer(request, at: now), fillKey(query.utf8.span),
            let slot = registry.find(keyBuffer),
            registry.slots[slot]?.isEphemeral == true
        else { return nil }
        registry.touch(slot, at: now)
        defer { counters.beats += 1 }
        var answer = NamingAnswer(
            200, .controller, contentType: "application/json", body: beatReply(slot), framing: .chunked,
            connection: RequestContext.connection(request, profile.engine))
        answer.engine = profile.engine
        answer.securityFields = profile.securityFields
        return answer
    }

    /// Where the values lie in the query.
    private struct Found {
        var namespace = 0..<0
        var service = 0..<0
        var ip = 0..<0
        var port = 0..<0
        var cluster = 0..<0
    }

    /// Makes the registry's key from a query in `keyBuffer`; false when the query is not that simple.
    private mutating func fillKey(_ query: Span<UInt8>) -> Bool {
        var found = Found()
        var start = 0
        while start < query.count {
            var equals = -1
            var end = start
            while end < query.count, query[end] != UInt8(ascii: "&") {
                let byte = query[end]
                if byte == UInt8(ascii: "="), equals < 0 { equals = end }
                if !NamingServer.isTargetByte(byte) { return false }
                end += 1
            }
            if equals >= 0, !NamingServer.note(query, start..<equals, (equals + 1)..<end, in: &found) { return false }
            start = end + 1
        }
        guard !found.service.isEmpty, !found.ip.isEmpty, !found.port.isEmpty else { return false }
        keyBuffer.removeAll(keepingCapacity: true)
        guard append(query, found.namespace, orElse: "public") else { return false }
        keyBuffer.append(0)
        let serviceStart = keyBuffer.count
        guard append(query, found.service, orElse: ""), isGrouped(from: serviceStart) else { return false }
        keyBuffer.append(0)
        guard append(query, found.ip, orElse: "") else { return false }
        keyBuffer.append(0)
        guard append(query, found.port, orElse: "") else { return false }
        switch profile.identity {
        case .address: return true
        case .addressAndCluster:
            keyBuffer.append(0)
            return append(query, found.cluster, orElse: "DEFAULT")
        }
    }

    /// Takes the first value of each name that counts; false for names that make the beat a full or an odd one.
    private static func note(
        _ query: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>, in found: inout Found
    ) -> Bool {
        func matches(_ text: StaticString) -> Bool {
            guard name.count == text.utf8CodeUnitCount else { return false }
            return text.withUTF8Buffer { bytes in bytes.indices.allSatisfy { bytes[$0] == query[name.lowerBound + $0] }
            }
        }
        if value.isEmpty {
            // An empty value of a name that is read takes the default, but hides a later one: leave that alone.
            return !(matches("namespaceId") || matches("serviceName") || matches("clusterName"))
        }
        if matches("namespaceId") { return set(&found.namespace, value) }
        if matches("serviceName") { return set(&found.service, value) }
        if matches("clusterName") { return set(&found.cluster, value) }
        if matches("ip") { return set(&found.ip, value) }
        if matches("port") { return set(&found.port, value) }
        if matches("beat") || matches("cluster") { return false }
        for index in name where query[index] == UInt8(ascii: "%") || query[index] == UInt8(ascii: "+") { return false }
        return true
    }

    private static func set(_ field: inout Range<Int>, _ value: Range<Int>) -> Bool {
        // Of a repeated name the first counts, or there is an error.
        guard field.isEmpty else { return false }
        field = value
        return true
    }

    /// Appends a value decoded to `keyBuffer`; false when decoding or trimming would have a say.
    private mutating func append(_ query: Span<UInt8>, _ range: Range<Int>, orElse text: String) -> Bool {
        if range.isEmpty {
            keyBuffer.append(text: text)
            return true
        }
        var index = range.lowerBound
        while index < range.upperBound {
            var byte = query[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < range.upperBound, let high = hexadecimalDigit(query[index + 1]),
                    let low = hexadecimalDigit(query[index + 2])
                else { return false }
                byte = high << 4 | low
                index += 2
            } else if byte == UInt8(ascii: "+") {
                return false
            }
            // Blanks may be trimmed away, and NUL is the separator here.
            if byte <= 0x20 { return false }
            keyBuffer.append(byte)
            index += 1
        }
        return true
    }

    /// Whether the service just appended has its group, once: `group@@name`.
    private func isGrouped(from start: Int) -> Bool {
        let name = keyBuffer[start...]
        guard let at = name.firstIndex(of: UInt8(ascii: "@")), at > start, at + 2 < name.endIndex,
            name[at + 1] == UInt8(ascii: "@")
        else { return false }
        return !name[(at + 2)...].contains(UInt8(ascii: "@"))
    }
}

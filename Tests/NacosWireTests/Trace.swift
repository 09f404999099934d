import BeatCore
import Glibc
import HTTPWire
import NacosWire
import Testing

/// A recorded exchange: the request, and the answer as the server sent it.
struct Trace {
    var request: [UInt8]
    var answer: [UInt8]

    /// `server/case`, or `java-…/step` with a request only.
    init(_ name: String, sourceFile: String = #filePath) throws {
        let folder = String(sourceFile[..<(sourceFile.lastIndex(of: "/") ?? sourceFile.startIndex)])
        let bytes = try Trace.contents(of: "\(folder)/Traces/\(name).http")
        // `>>>`, newline, request, newline, `<<<`, newline, answer, newline.
        let text = Array(bytes.dropFirst(4).dropLast())
        let separator = Array("\n<<<\n".utf8)
        if let cut = text.firstRange(of: separator) {
            request = Array(text[..<cut.lowerBound])
            answer = Array(text[cut.upperBound...])
        } else {
            request = text
            answer = []
        }
    }

    private struct Unreadable: Error { var path: String }

    private static func contents(of path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}

extension Trace {
    /// The response. Recorded tokens were replaced by `<JWT>` without a change of the framing; one of the length that
    /// fits stands in for them.
    func response() throws -> HTTPResponse {
        for length in 0...400 {
            var bytes = answer
            let token = [UInt8](repeating: UInt8(ascii: "t"), count: length)
            while let place = bytes.firstRange(of: Array("<JWT>".utf8)) { bytes.replaceSubrange(place, with: token) }
            var parser = HTTPResponseParser()
            if let step = try? parser.parse(bytes.span), case .response(let response, _) = step.event,
                step.consumed == bytes.count
            {
                return response
            }
        }
        throw NoResponse()
    }

    private struct NoResponse: Error {}
}

/// What came of one answer, by whichever way.
struct Outcome: Equatable {
    var length: Int
    var reply: NacosReply
    var keepsOpen: Bool
}

/// The strict way: parser, then classifier; nil when more bytes are needed.
func slowly(_ bytes: [UInt8], _ kind: Exchange.Kind, _ dialect: Dialect = .v1) throws -> Outcome? {
    var parser = HTTPResponseParser()
    let step = try parser.parse(bytes.span)
    guard case .response(let response, let keepsOpen) = step.event else { return nil }
    return Outcome(
        length: step.consumed, reply: NacosReply(classifying: response, kind: kind, dialect: dialect),
        keepsOpen: keepsOpen)
}

/// The way of the daemon: scanner, and the strict way for what is unusual.
func read(_ bytes: [UInt8], _ kind: Exchange.Kind, _ dialect: Dialect = .v1) throws -> Outcome? {
    switch ReplyScanner.scan(bytes.span, kind: kind, dialect: dialect) {
    case .incomplete: nil
    case .complete(let length, let reply, let keepsOpen): Outcome(length: length, reply: reply, keepsOpen: keepsOpen)
    case .unusual: try slowly(bytes, kind, dialect)
    }
}

/// An answer with status 200 and this body in one chunk, as Tomcat sends it.
func chunked(_ body: String, head: String = "Content-Type: application/json\r\n") -> [UInt8] {
    let size = String(body.utf8.count, radix: 16)
    return Array(
        "HTTP/1.1 200 \r\n\(head)Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n".utf8)
}

/// An answer with `Content-Length`.
func sized(_ body: String, status: String = "200 ", head: String = "") -> [UInt8] {
    Array("HTTP/1.1 \(status)\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
}

/// What a full beat is answered by this body.
func beatReply(_ body: String) throws -> NacosReply? {
    let fast = try read(chunked(body), .fullBeat)
    let other = try read(sized(body), .fullBeat)
    #expect(fast?.reply == other?.reply)
    return fast?.reply
}

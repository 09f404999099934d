import Glibc
import HTTPWire

/// A recorded exchange with a real server: `>>>`, the request, `<<<`, the answer, all bytes kept.
struct Trace {
    let name: String
    private let requests: [UInt8]
    let answers: [UInt8]

    static let folder: String = {
        let file = #filePath
        return String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]) + "/Traces"
    }()

    /// The requests with a token where the recording took one out.
    func requests(token: String) -> [UInt8] {
        let mark = Array("<JWT>".utf8)
        guard let cut = requests.indices.first(where: { requests[$0...].starts(with: mark) }) else { return requests }
        return requests[..<cut] + Array(token.utf8) + requests[(cut + mark.count)...]
    }

    /// The cases of a server in the order in which they were run.
    static func all(of server: String) -> [Trace] {
        let order = String(decoding: contents("\(folder)/order.txt") ?? [], as: UTF8.self)
        return order.split(separator: "\n").compactMap { name in
            Trace(server, String(name))
        }
    }

    /// One case of a server; nil when it was not run there.
    init?(_ server: String, _ name: String) {
        guard let file = Trace.contents("\(Trace.folder)/\(server)/\(name).http") else { return nil }
        self.init(name, file)
    }

    private init?(_ name: String, _ file: [UInt8]) {
        let separator = Array("\n<<<\n".utf8)
        let content = Array(file.dropFirst(4).dropLast())
        guard
            let cut = content.indices.first(where: { content[$0...].starts(with: separator) })
        else { return nil }
        self.name = name
        requests = Array(content[..<cut])
        answers = Array(content[(cut + separator.count)...])
    }

    private static func contents(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return out }
            out += buffer[..<count]
        }
    }
}

/// A message cut into its parts, without any judgement.
struct RawMessage {
    let startLine: String
    let fields: [(name: String, value: String)]
    let body: [UInt8]

    /// All messages in the bytes, one behind the other.
    static func all(in bytes: [UInt8]) -> [RawMessage] {
        var rest = bytes[...]
        var messages: [RawMessage] = []
        while let message = RawMessage(&rest) { messages.append(message) }
        return messages
    }

    init?(_ rest: inout ArraySlice<UInt8>) {
        let end = Array("\r\n\r\n".utf8)
        guard let cut = rest.indices.first(where: { rest[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: rest[..<cut], as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false)
        startLine = String(lines[0])
        fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (String(line[..<colon]), String(line[colon...].dropFirst().drop { $0 == " " }))
        }
        rest = rest[(cut + 4)...]
        let names = Dictionary(fields.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        if names["transfer-encoding"] == "chunked" {
            body = RawMessage.unchunked(&rest)
        } else if let length = names["content-length"].flatMap({ Int($0) }) {
            body = Array(rest.prefix(length))
            rest = rest.dropFirst(length)
        } else if startLine.hasPrefix("HTTP/"), !startLine.hasPrefix("HTTP/1.1 100") {
            body = Array(rest)
            rest = []
        } else {
            body = []
        }
    }

    private static func unchunked(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 13) {
            let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16) ?? 0
            rest = rest[(lineEnd + 2)...]
            out += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
            if size == 0 { break }
        }
        return out
    }

    /// The request as the server's value.
    var request: HTTPRequest {
        let parts = startLine.split(separator: " ", omittingEmptySubsequences: false)
        var target = parts[1..<(parts.count - 1)].joined(separator: " ")
        var authority: String?
        if target.hasPrefix("http://") {
            let rest = target.dropFirst(7)
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = String(rest[..<slash])
            target = String(rest[slash...])
        }
        let mark = target.firstIndex(of: "?")
        var headers = HTTPFields()
        for field in fields { headers.append(field.name, field.value) }
        return HTTPRequest(
            RawMessage.method(String(parts[0])),
            HTTPTarget(
                path: mark.map { String(target[..<$0]) } ?? target,
                query: mark.map { String(target[target.index(after: $0)...]) }, authority: authority),
            version: parts[parts.count - 1] == "HTTP/1.0" ? .http10 : .http11, fields: headers, body: body)
    }

    private static func method(_ token: String) -> HTTPMethod {
        switch token {
        case "GET": .get
        case "HEAD": .head
        case "POST": .post
        case "PUT": .put
        case "PATCH": .patch
        case "DELETE": .delete
        case "OPTIONS": .options
        default: .other(token)
        }
    }
}

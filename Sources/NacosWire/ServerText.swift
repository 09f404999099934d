internal import HTTPWire
internal import JSON

/// The text by which a server explains itself, out of its wrappings (nacos.md §2.8, §3.1, §5.4): plain text,
/// `caused: …;`, the container's JSON, that JSON with another one as its message (410 of 3.x), the envelope of v3, or
/// a page of Tomcat.
struct ServerText {
    /// As the server wrote it, out of JSON and HTML.
    private let message: String

    /// In Unicode scalars. The longest text a server sends for a v1 call, the 410's, is shorter.
    static let detailLength = 300
    /// How much of a body that is no JSON is looked at, in bytes: a first line of `detailLength` lies within.
    static let textBytes = 4 << 10
    /// Answers are flat; container JSON is so too.
    static let maxDepth = 4

    /// What the container puts in place of a message; its `error` says more.
    private static let noMessage = "No message available"

    /// What a 400 says when members disagree about the owner of an instance (nacos.md §4.6).
    static let disputes = ["invalid redirect"]
    /// What a 400 says when no member is left (nacos.md §6): not the instance's fault.
    static let emptyLists = ["no server available"]
    /// What a 500 says when a node asked the owner of an instance in vain (nacos.md §4.6): exceptions of the HTTP client
    /// by which nodes talk to one another.
    static let relayFailures = [
        "HttpHostConnectException", "ConnectTimeoutException", "SocketTimeoutException", "NoHttpResponseException",
        "java.net.ConnectException", "java.net.SocketException", "java.net.NoRouteToHostException",
    ]

    /// What a 500 says when the request is wrong, so that every server would say it (nacos.md §2.8).
    static let instanceFaults = [
        // Weight out of range, 1.4.
        "instance format invalid",
        // Metadata that are no map: 1.4 as text, 2.3 to 3.x as container JSON.
        "metadata format incorrect",
        // JSON of a full beat that is none: 1.4 as text, 2.3 to 3.x as container JSON.
        "Nacos deserialize for class [com.alibaba.nacos.naming.healthcheck.RsInfo] failed",
        // r-nacos, which answers 400 for parameters of the wrong type only.
        "ip or port is empty", "the instance ip is None", "serviceName is invalid!",
    ]

    /// The text of a response.
    init(_ response: HTTPResponse) {
        message =
            ServerText.isCompressed(response)
            ? "a compressed body, which was not asked for" : ServerText.unwrapped(response.body, layers: 2)
    }

    /// Text that was found by itself.
    init(text: String) {
        message = text
    }

    /// Whether the body is in a content coding. None was offered, so none is undone.
    static func isCompressed(_ response: HTTPResponse) -> Bool {
        guard let coding = response.fields["Content-Encoding"] else { return false }
        return !coding.isEmpty && coding.lowercased() != "identity"
    }

    /// Whether one of these phrases stands in the text.
    func namesAny(of phrases: [String]) -> Bool { phrases.contains { message.utf8.firstRange(ofPhrase: $0) != nil } }

    /// The first line, readable: without control and formatting characters, without `caused: …;` around it, and
    /// bounded. Never empty.
    var detail: String {
        var line = String.UnicodeScalarView()
        var length = 0
        for scalar in message.unicodeScalars {
            if ServerText.endsLine(scalar) {
                if length > 0 { break }
                continue
            }
            guard let readable = ServerText.readable(scalar), length > 0 || readable != " " else { continue }
            guard length < ServerText.detailLength else {
                line.append("…")
                break
            }
            line.append(readable)
            length += 1
        }
        return ServerText.withoutCaused(String(line))
    }

    private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    /// The scalar as it may stand in a log or on a page: any blank as a blank, nil for what steers a terminal or
    /// turns the direction of the text.
    private static func readable(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.properties.generalCategory {
        case .spaceSeparator: " "
        case .control, .format: scalar == "\t" ? " " : nil
        default: scalar
        }
    }

    private static func withoutCaused(_ line: String) -> String {
        var text = Substring(line)
        while text.last == " " { text.removeLast() }
        let isCaused = text.utf8.firstRange(ofPhrase: "caused: ") != nil
        if text.hasPrefix("caused: ") { text.removeFirst("caused: ".count) }
        if isCaused, text.last == ";" { text.removeLast() }
        return text.isEmpty ? "an empty body" : String(text)
    }

    /// The body without ASCII blanks and line ends around it.
    static func trimmed(_ body: [UInt8]) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = body.firstIndex(where: { !isBlank($0) }) else { return [] }
        let last = body.lastIndex { !isBlank($0) } ?? first
        return body[first...last]
    }

    private static func unwrapped(_ body: [UInt8], layers: Int) -> String {
        let text = trimmed(body)
        if layers > 0, text.first == UInt8(ascii: "{"),
            case .object(let object)? = try? JSONParser.parse(Array(text), maxDepth: maxDepth)
        {
            // The envelope of v3: a fixed text for each code, and what it is about.
            if case .integer? = object["code"], case .string(let inner)? = object["message"],
                case .string(let data)? = object["data"], !inner.isEmpty, !data.isEmpty
            {
                return "\(inner): \(data)"
            }
            for name in ["message", "error"] {
                guard case .string(let inner)? = object[name], !inner.isEmpty, inner != noMessage else { continue }
                return unwrapped(Array(inner.utf8), layers: layers - 1)
            }
        }
        let start = text.prefix(textBytes)
        return String(decoding: (start.first == UInt8(ascii: "<") ? title(of: start) : nil) ?? start, as: UTF8.self)
    }

    /// The title of an HTML page.
    private static func title(of page: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let start = page.firstRange(ofPhrase: "<title>")?.upperBound,
            let end = page[start...].firstRange(ofPhrase: "</title>")?.lowerBound
        else { return nil }
        return page[start..<end]
    }
}

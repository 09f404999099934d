import HTTPWire
import JSON
import Testing

/// A request that must be refused with a problem document and change nothing. For every driver.
struct BadInput: CustomTestStringConvertible, Sendable {
    var name: String
    var status: Int
    var slug: String
    /// What the document must say somewhere.
    var mentions: String
    var method: HTTPMethod
    var target: String
    var contentType: String?
    var body: [UInt8]

    var testDescription: String { name }

    /// A POST of a body.
    static func post(
        _ name: String, _ status: Int, _ slug: String, _ mentions: String = "", _ body: String,
        type: String? = "application/json", _ target: String = "/v1/beats"
    ) -> BadInput {
        BadInput(
            name: name, status: status, slug: slug, mentions: mentions, method: .post, target: target,
            contentType: type, body: Array(body.utf8))
    }

    /// A request without a body.
    static func plain(
        _ name: String, _ status: Int, _ slug: String, _ mentions: String = "", _ method: HTTPMethod,
        _ target: String
    ) -> BadInput {
        BadInput(
            name: name, status: status, slug: slug, mentions: mentions, method: method, target: target,
            contentType: nil, body: [])
    }

    /// Sends it and checks the answer, and that nothing was changed.
    func check(_ driver: some APIDriver) throws {
        let before = try driver.get("/v1/beats").member("rev")
        var fields = HTTPFields()
        if let contentType { fields.append("Content-Type", contentType) }
        let response = try driver.send(method, target, fields, body: body)
        try expectProblem(response, status, slug, mentions)
        #expect(try driver.get("/v1/beats").member("rev") == before)
    }
}

extension BadInput {
    static let all = bodies + fields + checks + holds + rules + queries + paths

    private static func field(_ name: String, _ mentions: String, _ more: String) -> BadInput {
        .post(name, 422, "validation", mentions, "{\"serviceName\":\"a\",\"ip\":\"10.0.0.1\",\"port\":80,\(more)}")
    }

    static let bodies: [BadInput] = [
        .post("broken JSON", 400, "malformed-json", "line 1", "{\"serviceName\":"),
        .post("empty body", 400, "malformed-json", "", ""),
        .post("comma at the end", 400, "malformed-json", "", "{\"a\":1,}"),
        .post("duplicate key", 400, "malformed-json", "", "{\"port\":1,\"port\":2}"),
        .post("number out of range", 400, "malformed-json", "", "{\"weight\":1e400}"),
        .post("too deep", 400, "malformed-json", "", String(repeating: "[", count: 17)),
        .post("byte order mark", 400, "malformed-json", "", "\u{feff}{}"),
        BadInput(
            name: "not UTF-8", status: 400, slug: "malformed-json", mentions: "", method: .post,
            target: "/v1/beats", contentType: "application/json",
            body: Array("{\"serviceName\":\"".utf8) + [0xff, 0x22, 0x7d]),
        .post("1 MB", 413, "too-large", "", "{\"serviceName\":\"" + String(repeating: "a", count: 1 << 20) + "\"}"),
        .post("an array", 422, "validation", "must be an object, got an array", "[]"),
        .post("a number", 422, "validation", "must be an object, got an integer", "1"),
        .post("null", 422, "validation", "must be an object, got null", "null"),
        .post("text/plain", 415, "unsupported-media-type", "application/json", "{}", type: "text/plain"),
        .post("a form", 415, "unsupported-media-type", "", "a=b", type: "application/x-www-form-urlencoded"),
        .post("no type", 415, "unsupported-media-type", "got none", "{}", type: nil),
        .post("another charset", 415, "unsupported-media-type", "", "{}", type: "application/json; charset=latin1"),
    ]

    static let fields: [BadInput] = [
        .post("nothing given", 422, "validation", "3 fields need attention", "{}"),
        field("unknown field", "unknown field; did you mean serviceName?", "\"sreviceName\":\"x\""),
        field("unknown field, nothing near", "\"unknown field\"", "\"zzzzzzzz\":1"),
        field("unknown field, pointer escaped", "/a~1b~0c", "\"a/b~c\":1"),
        field("weight as text", "must be a number without quotes: 2.0", "\"weight\":\"2\""),
        field("weight above", "must be 0…10000, got 10001.0", "\"weight\":10001"),
        field("weight below", "must be 0…10000, got -1.0", "\"weight\":-1"),
        field("enabled as text", "must be true without quotes", "\"enabled\":\"true\""),
        field("enabled as number", "must be true or false, got an integer", "\"enabled\":1"),
        field("groupName null", "must be a string, got null", "\"groupName\":null"),
        field("metadata number", "/metadata/a", "\"metadata\":{\"a\":1}"),
        field("metadata nested", "must be a string, got an object", "\"metadata\":{\"a\":{}}"),
        field("metadata no object", "must be an object of strings, got an array", "\"metadata\":[]"),
        field("labels number", "/labels/b", "\"labels\":{\"b\":true}"),
        field("checks no list", "must be a list", "\"checks\":{}"),
        field("onUnhealthy", "did you mean disable?", "\"onUnhealthy\":\"disabled\""),
        field("period number", "must be a duration as text", "\"period\":5"),
        field("period garbage", "must be a duration such as", "\"period\":\"5 s\""),
        field("period short", "must be 500ms…1m, got 499ms", "\"period\":\"499ms\""),
        field("period long", "must be 500ms…1m, got 61s", "\"period\":\"61s\""),
        field("id number", "/id", "\"id\":7"),
    ]

    private static func check(_ name: String, _ mentions: String, _ check: String) -> BadInput {
        field("check: \(name)", mentions, "\"checks\":[\(check)]")
    }

    static let checks: [BadInput] = [
        field("nine checks", "at most 8 checks, got 9", "\"checks\":[{},{},{},{},{},{},{},{},{}]"),
        check("no object", "must be an object such as", "\"tcp\""),
        check("nothing looked at", "one of http, tcp, pid, ttl, exec", "{\"every\":\"5s\"}"),
        check("two at once", "/checks/0/pid", "{\"tcp\":\"a:1\",\"pid\":1}"),
        check("misspelt", "did you mean timeout?", "{\"tcp\":\"a:1\",\"timeuot\":\"1s\"}"),
        check("tcp without port", "must be host:port", "{\"tcp\":\"127.0.0.1\"}"),
        check("tcp port 0", "must be host:port", "{\"tcp\":\"127.0.0.1:0\"}"),
        check("https", "https is not checked", "{\"http\":\"https://a/\"}"),
        check("no URL", "must be a URL such as", "{\"http\":\"127.0.0.1:8080\"}"),
        check("URL with a line break", "must be a URL such as", "{\"http\":\"http://a/\\r\\nX: y\"}"),
        check("URL with user", "must be a URL such as", "{\"http\":\"http://u:p@a/\"}"),
        check("expect", "must be a status or a range", "{\"http\":\"http://a/\",\"expect\":\"2xx\"}"),
        check("expect upside down", "/checks/0/expect", "{\"http\":\"http://a/\",\"expect\":\"299-200\"}"),
        check("expect of tcp", "belongs to an http check only", "{\"tcp\":\"a:1\",\"expect\":\"200\"}"),
        check("pid 0", "1…4194304", "{\"pid\":0}"),
        check("every as number", "must be a duration as text", "{\"tcp\":\"a:1\",\"every\":5}"),
        check("every short", "must be 100ms…1h, got 10ms", "{\"tcp\":\"a:1\",\"every\":\"10ms\"}"),
        check(
            "timeout above every", "/checks/0/timeout", "{\"tcp\":\"a:1\",\"every\":\"1s\",\"timeout\":\"2s\"}"),
        check("fall 0", "1…100", "{\"tcp\":\"a:1\",\"fall\":0}"),
        check("ttl with every", "has no meaning for a ttl check", "{\"ttl\":\"5s\",\"every\":\"1s\"}"),
        check("exec as text", "must be a list of 1…64 strings", "{\"exec\":\"/bin/true\"}"),
        check("exec by name", "absolute path", "{\"exec\":[\"true\"]}"),
        .post(
            "exec where it is not allowed", 403, "forbidden", "--allow-exec",
            "{\"serviceName\":\"a\",\"ip\":\"10.0.0.1\",\"port\":80,\"checks\":[{\"exec\":[\"/bin/true\"]}]}"),
    ]

    private static func put(
        _ name: String, _ status: Int, _ slug: String, _ mentions: String, _ target: String, _ body: String,
        type: String? = "application/json"
    ) -> BadInput {
        BadInput(
            name: name, status: status, slug: slug, mentions: mentions, method: .put, target: target,
            contentType: type, body: Array(body.utf8))
    }

    static let holds: [BadInput] = [
        put("maintenance of nobody", 404, "not-found", "nobody", "/v1/beats/nobody/maintenance", "{}"),
        put("maintenance misspelt", 422, "validation", "did you mean reason?", "/v1/maintenance", "{\"reson\":\"x\"}"),
        put("maintenance mode", 422, "validation", "did you mean stop?", "/v1/maintenance", "{\"mode\":\"stpo\"}"),
        put("maintenance for nothing", 422, "validation", "/for", "/v1/maintenance", "{\"for\":\"0s\"}"),
        put("maintenance as form", 415, "unsupported-media-type", "", "/v1/maintenance", "a=b", type: "text/plain"),
        put("maintenance no object", 422, "validation", "must be an object", "/v1/maintenance", "[]"),
        .post(
            "drain misspelt", 422, "validation", "did you mean settle?", "{\"setle\":\"1s\"}", "/v1/drain"),
        .post("drain too long", 422, "validation", "0s…10m, got 11m", "{\"settle\":\"11m\"}", "/v1/drain"),
        .post(
            "drain without time", 422, "validation", "2s more than settle, got 10s",
            "{\"settle\":\"9s\",\"timeout\":\"10s\"}", "/v1/drain"),
        .post("drain of a number", 422, "validation", "must be an object", "7", "/v1/drain"),
        .plain("drain waiting for ever", 400, "malformed-request", "at most 20m", .post, "/v1/drain?wait=21m"),
        put("renewal of nobody", 404, "not-found", "nobody", "/v1/beats/nobody/alive", ""),
        put(
            "renewal status", 422, "validation", "must be one of pass, warn, fail", "/v1/beats/nobody/alive",
            "{\"status\":\"critical\"}"),
        put("renewal broken", 400, "malformed-json", "", "/v1/beats/nobody/alive", "{"),
        .plain("end of maintenance of nobody", 404, "not-found", "nobody", .delete, "/v1/beats/nobody/maintenance"),
    ]

    static let rules: [BadInput] = [
        .post(
            "port 80800", 422, "validation", "must be 1…65535, got 80800",
            "{\"serviceName\":\"a\",\"ip\":\"10.0.0.1\",\"port\":80800}"),
        .post(
            "port 0", 422, "validation", "must be 1…65535, got 0",
            "{\"serviceName\":\"a\",\"ip\":\"10.0.0.1\",\"port\":0}"),
        .post(
            "port 1.5", 422, "validation", "must be a whole number",
            "{\"serviceName\":\"a\",\"ip\":\"10.0.0.1\",\"port\":1.5}"),
        .post(
            "port as text", 422, "validation", "must be a number without quotes: 8080",
            "{\"serviceName\":\"a\",\"ip\":\"10.0.0.1\",\"port\":\"8080\"}"),
        .post(
            "auto of no interface", 422, "validation", "auto:no-such-if fits no address of this host",
            "{\"serviceName\":\"a\",\"ip\":\"auto:no-such-if\",\"port\":1}"),
        field("ipRule that is none", "/ipRule", "\"ipRule\":\"10.0.0.0/8\""),
        .post(
            "two rules", 422, "validation", "contradicts ip",
            "{\"serviceName\":\"a\",\"ip\":\"auto:lo\",\"ipRule\":\"auto:eth0\",\"port\":1}"),
        .post("no address", 422, "validation", "/ip", "{\"serviceName\":\"a\",\"ip\":\"300.1.1.1\",\"port\":1}"),
        .post(
            "two groups", 422, "validation", "contradicts serviceName",
            "{\"serviceName\":\"g@@a\",\"groupName\":\"h\",\"ip\":\"10.0.0.1\",\"port\":1}"),
        .post(
            "period above the time-out", 422, "validation", "exceeds preserved.heart.beat.timeout (15s)",
            orders(7, "\"period\":\"20s\"")),
        .post(
            "interval no number", 422, "validation", "must be whole milliseconds",
            orders(7, "\"metadata\":{\"preserved.heart.beat.interval\":\"3s\"}")),
        .post(
            "two periods", 422, "validation", "contradicts metadata",
            orders(7, "\"period\":\"4s\",\"metadata\":{\"preserved.heart.beat.interval\":\"5000\"}")),
        .post(
            "long metadata", 422, "validation", "got 1025",
            orders(7, "\"metadata\":{\"k\":\"\(String(repeating: "v", count: 1024))\"}")),
        .post("another id", 409, "key-conflict", "leave it out", orders(7, "\"id\":\"someoneelse\"")),
        .post("unknown parameter", 400, "malformed-request", "did you mean dryRun?", orders(), "/v1/beats?dryrun=true"),
        .post("wait too long", 400, "malformed-request", "at most 1m", orders(), "/v1/beats?wait=61s"),
        .post(
            "a flag that is none", 400, "malformed-request", "must be true or false", orders(), "/v1/beats?dryRun=yes"),
    ]

    static let queries: [BadInput] = [
        .plain("limit 0", 400, "malformed-request", "1…1000", .get, "/v1/beats?limit=0"),
        .plain("limit 1001", 400, "malformed-request", "1…1000", .get, "/v1/beats?limit=1001"),
        .plain("limit twice", 400, "malformed-request", "is given twice", .get, "/v1/beats?limit=1&limit=2"),
        .plain("garbage continue", 400, "malformed-request", "is no token", .get, "/v1/beats?continue=xyz"),
        .plain("unknown filter", 400, "malformed-request", "did you mean serviceName?", .get, "/v1/beats?serviceNam=a"),
        .plain("empty filter", 400, "malformed-request", "must not be empty", .get, "/v1/beats?serviceName="),
        .plain("port filter", 400, "malformed-request", "1…65535", .get, "/v1/beats?port=80800"),
        .plain("state filter", 400, "malformed-request", "did you mean beating?", .get, "/v1/beats?state=beeting"),
        .plain("label without a key", 400, "malformed-request", "label.KEY=VALUE", .get, "/v1/beats?label.=a"),
        .plain("bad escape", 400, "malformed-request", "cannot be decoded", .get, "/v1/beats?q=%zz"),
        .plain("delete without a query", 400, "malformed-request", "3 query parameters", .delete, "/v1/beats"),
        .plain(
            "delete without a port", 400, "malformed-request", "is required", .delete,
            "/v1/beats?serviceName=a&ip=1.2.3.4"),
        .plain("delete nothing", 404, "not-found", "", .delete, "/v1/beats?serviceName=a&ip=1.2.3.4&port=1"),
    ]

    static let paths: [BadInput] = [
        .plain("unknown path", 404, "not-found", "/v2/beats", .get, "/v2/beats"),
        .plain("slash at the end", 404, "not-found", "", .get, "/v1/beats/"),
        .plain("unknown id", 404, "not-found", "", .get, "/v1/beats/aaaaaaaaaaaaa"),
        .plain("delete unknown id", 404, "not-found", "", .delete, "/v1/beats/aaaaaaaaaaaaa"),
        .plain("unknown metric", 404, "not-found", "did you mean dom2BeatSize?", .get, "/v1/metrics/dom2beatSiz"),
        .plain("unknown problem", 404, "not-found", "did you mean validation?", .get, "/problems/valdation"),
        .plain("PUT on the list", 405, "method-not-allowed", "", .put, "/v1/beats"),
        .plain("POST on one", 405, "method-not-allowed", "", .post, "/v1/beats/aaaaaaaaaaaaa"),
        .plain("TRACE", 405, "method-not-allowed", "", .other("TRACE"), "/v1/beats"),
        .plain("lower case", 405, "method-not-allowed", "", .other("get"), "/"),
        .plain("unknown method, unknown path", 501, "method-not-allowed", "", .other("BREW"), "/pot"),
        .plain("bad escape in the path", 400, "malformed-request", "", .get, "/v1/beats/%GG"),
    ]
}

internal import HTTPWire
internal import JSON

/// `openapi.yaml` as it was built in, with its tag.
private let contract = [UInt8](PackageResources.openapi_yaml)
private let contractTag = EntityTag(of: contract)

// MARK: GET /openapi.yaml, GET /problems/{slug}, GET /v1, GET /

extension ControlAPI {
    func readContract(_ call: Call) throws(Problem) -> HTTPResponse {
        if try Preconditions(call.request.fields).isUnmodified(contractTag) { return .notModified(contractTag) }
        return .body(200, .yaml, contract, etag: contractTag)
    }

    func readProblem(_ call: Call) throws(Problem) -> HTTPResponse {
        guard let type = ProblemType(rawValue: call.parameter) else {
            let hint = NearestName.suggestion(for: call.parameter, among: ProblemType.allCases.map(\.slug))
            throw Problem(.notFound, "there is no problem \(NameRules.quoted(call.parameter))\(hint)")
        }
        let text = "\(type.title) (\(type.slug), \(type.status))\n\n\(type.explanation)\n"
        let etag = EntityTag(of: Array(text.utf8))
        if try Preconditions(call.request.fields).isUnmodified(etag) { return .notModified(etag) }
        return .text(200, text, etag: etag)
    }

    /// What this version can do, for clients that meet several versions.
    func readCapabilities(_ call: Call) -> HTTPResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", "beatd")
        writer.member("version", configuration.version)
        writer.key("capabilities")
        writer.beginArray()
        for capability in [
            "beats", "dry-run", "wait", "filters", "paging", "metrics", "prometheus", "servers", "config",
            "history", "health", "beat-now", "log-level", "headroom", "put", "patch", "conditions", "batch",
            "export", "import", "long-poll", "checks", "maintenance", "reload", "drain", "events",
            "dashboard",
        ] {
            writer.string(capability)
        }
        writer.endArray()
        writer.key("endpoints")
        writer.beginArray()
        for route in Route.table {
            writer.beginObject()
            writer.member("method", route.method.name)
            writer.member("path", route.template)
            writer.member("operationId", route.operation.id)
            writer.endObject()
        }
        writer.endArray()
        writer.member("contract", "/openapi.yaml")
        writer.endObject()
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }

    /// Commands to copy and paste, with the address that this request was sent to.
    func readMenu(_ call: Call, by client: Client) -> HTTPResponse {
        let target: String
        switch client.listener {
        case .unixSocket: target = "--unix-socket \(configuration.socketPath ?? "api.sock") 'http://localhost"
        case .tcp, .ops:
            target = "'http://\(call.request.target.authority ?? call.request.fields["Host"] ?? "localhost:8090")"
        }
        let text = Menu.text(version: configuration.version, target)
        return .body(200, .text, Array(text.utf8), fields: ["Vary": "Accept"])
    }
}

/// The page that curl gets at `/`.
enum Menu {
    /// `target` is curl's options and the beginning of a URL in single quotes.
    static func text(version: String, _ target: String) -> String {
        """
        beatd \(version) keeps instances alive in Nacos. Copy and paste:

        # register an instance and keep it alive
        curl --json '{"serviceName":"orders","ip":"10.0.0.7","port":8080}' \(target)/v1/beats?pretty'

        # the same, answered when Nacos has accepted it
        curl --json '{"serviceName":"orders","ip":"10.0.0.7","port":8080}' \(target)/v1/beats?wait=3s'

        # what would happen, without doing it
        curl --json '{"serviceName":"orders","ip":"10.0.0.7","port":8080}' \(target)/v1/beats?dryRun=true'

        # under an id of your choice, and a change of one field
        curl -X PUT --json '{"serviceName":"orders","ip":"10.0.0.8","port":8080}' \(target)/v1/beats/orders-8?pretty'
        curl -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"weight":2}' \(target)/v1/beats/orders-8?pretty'

        # what is kept alive
        curl \(target)/v1/beats?pretty'
        curl \(target)/v1/beats?serviceName=orders&state=beating&pretty'

        # how one is: a status code and a line; its last attempts; one beat now
        curl \(target)/v1/beats/ID/health'
        curl \(target)/v1/beats/ID/history?pretty'
        curl -X POST \(target)/v1/beats/ID/beat?pretty'
        # all of it, and back (more than 1 MiB: through the unix socket, or with a token)
        curl -o beats.json \(target)/v1/export'
        curl --json @beats.json \(target)/v1/import?mode=merge'

        # stop, and take the instance out of Nacos
        curl -X DELETE \(target)/v1/beats?serviceName=orders&ip=10.0.0.7&port=8080'
        curl -X DELETE \(target)/v1/beats/ID?wait=2s'

        # register it, and beat only while its port answers
        curl --json '{"serviceName":"orders","ip":"10.0.0.7","port":8080,"checks":[{"tcp":"10.0.0.7:8080"}]}' \(target)/v1/beats?pretty'

        # hold it out for ten minutes: consumers do not see it
        curl -X PUT --json '{"reason":"upgrade","for":"10m"}' \(target)/v1/beats/ID/maintenance?pretty'
        curl -X DELETE \(target)/v1/beats/ID/maintenance'

        # before a shutdown: hide all, let consumers notice, deregister, and see that they are gone
        curl --json '{"settle":"10s"}' \(target)/v1/drain?wait=30s&pretty'

        # what changes, as it changes: one JSON object a line
        curl -N -H 'Accept: application/x-ndjson' \(target)/v1/events'

        # dom2Beat's size, beat latency
        curl \(target)/v1/metrics/dom2BeatSize'
        curl \(target)/v1/metrics/latencySeconds.1m.p99'
        curl \(target)/v1/metrics?pretty'
        curl \(target)/metrics'

        # how beatd itself is
        curl \(target)/v1/status?pretty'
        curl \(target)/v1/servers?pretty'
        curl \(target)/v1/config?pretty'
        curl \(target)/readyz'

        # configuration files were changed: apply the differences
        curl -X POST \(target)/v1/reload?pretty'

        # say more in the log, for a while
        curl -X PUT --json '{"level":"debug","for":"5m"}' \(target)/v1/log-level'

        # everything else
        curl \(target)/openapi.yaml'
        """
    }
}

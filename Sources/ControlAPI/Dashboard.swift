internal import HTTPWire

/// What browsers get at `/` and `/ui/*`. The files are in the binary; `Resources/ui` has them.
enum DashboardFiles {
    struct File: Sendable {
        let type: MediaType
        let content: [UInt8]
        let tag: EntityTag

        init(_ type: MediaType, _ content: [UInt8]) {
            self.type = type
            self.content = content
            tag = EntityTag(of: content)
        }
    }

    static let page = File(.html, PackageResources.index_html)

    /// By the name that stands in the page or in an `import`.
    static let byName: [String: File] = [
        "base.css": File(.css, PackageResources.base_css),
        "fleet.css": File(.css, PackageResources.fleet_css),
        "panels.css": File(.css, PackageResources.panels_css),
        "icon.svg": File(.svg, PackageResources.icon_svg),
        "main.js": File(.javaScript, PackageResources.main_js),
        "api.js": File(.javaScript, PackageResources.api_js),
        "dom.js": File(.javaScript, PackageResources.dom_js),
        "format.js": File(.javaScript, PackageResources.format_js),
        "clock.js": File(.javaScript, PackageResources.clock_js),
        "fleet.js": File(.javaScript, PackageResources.fleet_js),
        "table.js": File(.javaScript, PackageResources.table_js),
        "filters.js": File(.javaScript, PackageResources.filters_js),
        "charts.js": File(.javaScript, PackageResources.charts_js),
        "overview.js": File(.javaScript, PackageResources.overview_js),
        "servers.js": File(.javaScript, PackageResources.servers_js),
        "details.js": File(.javaScript, PackageResources.details_js),
        "attempts.js": File(.javaScript, PackageResources.attempts_js),
        "dialogs.js": File(.javaScript, PackageResources.dialogs_js),
        "writes.js": File(.javaScript, PackageResources.writes_js),
        "follow.js": File(.javaScript, PackageResources.follow_js),
        "events.js": File(.javaScript, PackageResources.events_js),
    ]

    /// Nothing from elsewhere, no script or style within the page, no frame around it: whatever text a registration
    /// carries, it cannot become a program.
    static let policy =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// MARK: GET /, GET /ui/{name}

extension ControlAPI {
    /// The dashboard for those who ask for HTML, as browsers do; the menu of commands for all others.
    func readFrontPage(_ call: Call, by client: Client) throws(Problem) -> HTTPResponse {
        guard AcceptField(call.request.fields).prefers("text/html", to: "text/plain") else {
            return readMenu(call, by: client)
        }
        return try response(
            call, DashboardFiles.page,
            fields: [
                "Content-Security-Policy": DashboardFiles.policy, "Referrer-Policy": "no-referrer",
                "X-Frame-Options": "DENY", "Vary": "Accept",
            ])
    }

    func readDashboardFile(_ call: Call) throws(Problem) -> HTTPResponse {
        guard let file = DashboardFiles.byName[call.parameter] else {
            throw Problem(.notFound, "the dashboard has no file \(NameRules.quoted(call.parameter))")
        }
        return try response(call, file, fields: ["Referrer-Policy": "no-referrer"])
    }

    /// A browser asks each time and gets 304: a page never runs with modules of another version.
    private func response(
        _ call: Call, _ file: DashboardFiles.File, fields: HTTPFields
    ) throws(Problem) -> HTTPResponse {
        if try Preconditions(call.request.fields).isUnmodified(file.tag) {
            return .notModified(file.tag, fields: fields)
        }
        return .body(200, file.type, file.content, etag: file.tag, fields: fields)
    }
}

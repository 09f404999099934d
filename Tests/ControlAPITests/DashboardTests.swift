import HTTPWire
import TestSupport
import Testing

@testable import ControlAPI

/// The dashboard as files; what it does in a browser is tried by scripts/ui-test.sh.
@Suite struct DashboardTests {
    private static let folder = "\(repositoryRoot)/Sources/ControlAPI/Resources/ui"
    /// What Chromium and Firefox send.
    private static let browser: HTTPFields = [
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
    ]

    @Test func browsersGetThePageAndCurlTheMenu() throws {
        let api = InProcessAPI()
        let page = try api.get("/", Self.browser)
        #expect(page.fields["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.text.hasPrefix("<!doctype html>"))
        #expect(page.fields["Vary"] == "Accept")
        for accept in [
            HTTPFields(), ["Accept": "*/*"], ["Accept": "text/plain"], ["Accept": "text/plain, text/html;q=0.5"],
        ] {
            let menu = try api.get("/", accept)
            #expect(menu.fields["Content-Type"] == "text/plain; charset=utf-8")
            #expect(menu.fields["Vary"] == "Accept")
        }
    }

    @Test func thePageLoadsNothingFromElsewhere() throws {
        let page = try InProcessAPI().get("/", Self.browser)
        let policy = try #require(page.fields["Content-Security-Policy"])
        for part in ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"] {
            #expect(policy.contains(part))
        }
        #expect(!policy.contains("unsafe"))
        #expect(page.fields["Referrer-Policy"] == "no-referrer")
        #expect(page.fields["X-Content-Type-Options"] == "nosniff")
        // The policy would forbid them; they are not tried either.
        #expect(!page.text.contains("style=\"") && !page.text.contains("<style") && !page.text.contains("onclick"))
        for (name, file) in DashboardFiles.byName {
            let text = String(decoding: file.content, as: UTF8.self)
            let addresses = text.split(separator: "\n").filter { $0.contains("//") && $0.contains("http") }
                .filter {
                    !$0.contains("http://www.w3.org/2000/svg") && !$0.contains("`http://") && !$0.contains("http://…")
                }
            #expect(addresses == [], "\(name)")
        }
    }

    @Test func everyFileIsServedWithItsTypeAndTag() throws {
        let api = InProcessAPI()
        for (name, file) in DashboardFiles.byName {
            let response = try api.get("/ui/\(name)")
            #expect(response.status == 200)
            #expect(response.body == file.content, "\(name) ends with a newline")
            #expect(response.fields["Cache-Control"] == "no-cache")
            let expected = [
                "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
            ]
            #expect(response.fields["Content-Type"] == expected[String(name.split(separator: ".")[1])])
            let tag = try #require(response.fields["ETag"])
            #expect(try api.get("/ui/\(name)", ["If-None-Match": tag]).status == 304)
        }
        let tag = try #require(try api.get("/", Self.browser).fields["ETag"])
        var again = Self.browser
        again.append("If-None-Match", tag)
        let unchanged = try api.get("/", again)
        #expect(unchanged.status == 304)
        #expect(unchanged.fields["Vary"] == "Accept")
        for path in [
            "/ui/nothing.js", "/ui/index.html", "/ui/..", "/ui/%2e%2e%2fopenapi.yaml", "/ui/", "/ui", "/ui/a/main.js",
        ] {
            #expect(try api.get(path).status == 404, "\(path)")
        }
    }

    @Test func theTableIsTheFolder() throws {
        let inFolder = Set(filesBelow(Self.folder))
        #expect(inFolder == Set(DashboardFiles.byName.keys).union(["index.html"]))
        for name in inFolder {
            let text = try readText("\(Self.folder)/\(name)")
            let served = name == "index.html" ? DashboardFiles.page : DashboardFiles.byName[name]
            #expect(served?.content == Array(text.utf8), "\(name) is another one in the binary")
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 400, "\(name)")
        }
    }

    /// Every module that is imported is there, and every module is imported.
    @Test func modulesFindEachOther() throws {
        var wanted: Set<String> = []
        for (name, file) in DashboardFiles.byName where name.hasSuffix(".js") {
            for line in String(decoding: file.content, as: UTF8.self).split(separator: "\n")
            where line.hasPrefix("import ") {
                let quoted = try #require(line.split(separator: "'").dropFirst().first, "\(name): \(line)")
                #expect(quoted.hasPrefix("./"), "\(name): \(line)")
                wanted.insert(String(quoted.dropFirst(2)))
            }
        }
        #expect(wanted.union(["main.js"]) == Set(DashboardFiles.byName.keys.filter { $0.hasSuffix(".js") }))
    }
}

import NacosWire
import Testing

/// What traps: text that would end a header or a target early, or make a server take beatd for somebody else.
@Suite struct EncoderContractTests {
    @Test func hostWithALineEnd() async {
        await #expect(processExitsWith: .failure) { _ = NacosRequestEncoder(host: "h\r\nX: y", version: "1") }
    }

    @Test func versionOfAPeer() async {
        await #expect(processExitsWith: .failure) { _ = NacosRequestEncoder(host: "h", version: "1-Nacos-Server:v1") }
    }

    @Test func contextPathWithAQuery() async {
        await #expect(processExitsWith: .failure) {
            _ = NacosRequestEncoder(host: "h", contextPath: "/a?b=c", version: "1")
        }
    }

    @Test func contextPathWithABlank() async {
        await #expect(processExitsWith: .failure) {
            _ = NacosRequestEncoder(host: "h", contextPath: "/a b", version: "1")
        }
    }

    @Test func contextPathWithASlashAtTheEnd() async {
        await #expect(processExitsWith: .failure) {
            _ = NacosRequestEncoder(host: "h", contextPath: "/nacos/", version: "1")
        }
    }
}

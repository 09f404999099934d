/// Which of Nacos' HTTP APIs a server is spoken to in (nacos.md §0).
public enum Dialect: String, Sendable, CaseIterable {
    /// `/v1/ns/instance`: Nacos 1.x, 2.x, 3.0, 3.1 and r-nacos.
    case v1
}

/// Which of Nacos' HTTP APIs a server is spoken to in (nacos.md §0).
public enum Dialect: String, Sendable, CaseIterable {
    /// `/v1/ns/instance`: Nacos 1.x, 2.x, 3.0, 3.1 and r-nacos.
    case v1
    /// `/v3/client/ns/instance`: Nacos from 3.0 on. It tells no interval, its beats are always light, and before the
    /// change of alibaba/nacos#15262 the nodes of a cluster do not pass requests on to each other (nacos.md §3.3).
    case v3
}

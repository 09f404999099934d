/// The paths of the v1 API below the context path (nacos.md §2).
enum NacosPath {
    /// Register (`POST`) and deregister (`DELETE`).
    static let instance = "/v1/ns/instance"
    /// Beat (`PUT`).
    static let beat = "/v1/ns/instance/beat"
}

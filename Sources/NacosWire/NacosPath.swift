/// The paths of Nacos' HTTP APIs below the context path.
enum NacosPath {
    /// Register (`POST`) and deregister (`DELETE`) (nacos.md §2).
    static let instance = "/v1/ns/instance"
    /// Beat (`PUT`).
    static let beat = "/v1/ns/instance/beat"
    /// Register and beat (`POST`) and deregister (`DELETE`) (nacos.md §3.3).
    static let instanceV3 = "/v3/client/ns/instance"
    /// The instances of a service (`GET`).
    static let listV3 = "/v3/client/ns/instance/list"
    /// Login (`POST`): 1.x and 2.x (nacos.md §5.1).
    static let login = "/v1/auth/users/login"
    /// Login from 3.0 on, and on r-nacos too.
    static let loginV3 = "/v3/auth/user/login"
}

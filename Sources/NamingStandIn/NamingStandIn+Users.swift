extension NamingStandIn {
    /// From now on these may log in, passwords by user name, and no token of before is good any more. What a changed
    /// password with a restart looks like.
    public func setUsers(_ users: [String: String]) {
        server.authentication.users = users
        server.authentication.forgetTokens()
    }
}

/// The absolute path of the repository's root, without a slash at its end.
///
/// Tests find their data through it and not through the working directory, which differs between `swift test` and an
/// editor.
public let repositoryRoot: String = {
    // <root>/Tests/TestSupport/Repository.swift
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/")
}()

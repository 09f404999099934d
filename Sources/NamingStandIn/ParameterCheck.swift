/// The parameter check of Nacos 2.3 and later (nacos.md §2.9).
enum ParameterCheck {
    private static let namespaceLength = 64
    private static let serviceLength = 512
    private static let groupLength = 128
    private static let clusterLength = 64
    private static let ipLength = 128
    private static let metadataLength = 1024
    private static let ports = 0...65535

    /// What the check looks at; nil and blank values pass.
    struct Subject {
        var namespace: String?
        var service: String?
        var group: String?
        var cluster: String?
        var ip: String?
        var port: String?
        var metadata: Metadata?
    }

    static func check(_ subject: Subject) throws(Refusal) {
        try text(subject.namespace, "namespaceId/tenant", namespaceLength) { $0.allSatisfy(isWordOrDash) }
        try text(subject.service, "serviceName", serviceLength, isServiceName)
        try text(subject.group, "group", groupLength) { name in
            name.allSatisfy { isLetterOrDigit($0) || ["-", "_", ":", "."].contains($0) }
        }
        for cluster in subject.cluster?.split(separator: ",") ?? [] {
            try text(String(cluster), "cluster", clusterLength) { $0.allSatisfy(isWordOrDash) }
        }
        try text(subject.ip, "ip", ipLength) { $0.allSatisfy(isPlain) }
        if let port = subject.port, !port.isEmpty {
            guard let number = Int(port), ports.contains(number) else {
                throw .parameterCheck("Param 'port' is illegal, the value should be between 0 and 65535.")
            }
        }
        if let metadata = subject.metadata, metadata.length > metadataLength {
            throw tooLong("Metadata", metadataLength)
        }
    }

    private static func text(
        _ value: String?, _ name: String, _ length: Int, _ isLegal: (String.UnicodeScalarView) -> Bool
    ) throws(Refusal) {
        guard let value, !value.isEmpty else { return }
        if value.utf16.count > length { throw tooLong(name, length) }
        if !isLegal(value.unicodeScalars) {
            throw .parameterCheck("Param '\(name)' is illegal, illegal characters should not appear in the param.")
        }
    }

    private static func tooLong(_ name: String, _ length: Int) -> Refusal {
        .parameterCheck("Param '\(name)' is illegal, the param length should not exceed \(length).")
    }

    /// `^(?!@).((?!@@)[^\u4E00-\u9FA5\s])*$`
    private static func isServiceName(_ name: String.UnicodeScalarView) -> Bool {
        guard name.first != "@", name.dropFirst().allSatisfy(isPlain) else { return false }
        return zip(name.dropFirst(), name.dropFirst(2)).allSatisfy { $0 != "@" || $1 != "@" }
    }

    static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."z", "A"..."Z": true
        default: false
        }
    }

    private static func isWordOrDash(_ scalar: Unicode.Scalar) -> Bool {
        isLetterOrDigit(scalar) || scalar == "_" || scalar == "-"
    }

    /// Neither a blank as `\s` means it nor a character of the CJK range.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\u{B}", "\u{C}", "\r", " ": false
        default: !(0x4E00...0x9FA5).contains(scalar.value)
        }
    }
}

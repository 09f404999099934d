public import BeatCore
internal import COpenSSL
internal import HTTPWire

/// The parameters that sign one request, encoded, with `&` before the first.
public struct RequestSignature: Equatable, Sendable {
    let parameters: [UInt8]
}

/// Signs requests with an access key, as Alibaba's MSE wants it; open-source servers look past it (nacos.md §5.5).
///
/// A signature holds the time, so a signed beat is made anew each time: two hashes, about a microsecond.
public struct RequestSigner: Sendable {
    private let accessKey: String
    private let secretKey: SecretText
    private let region: String?
    /// The key of a signature v4 and the day it is for.
    private var key: (day: [UInt8], bytes: [UInt8]) = ([], [])

    /// A signer.
    ///
    /// - Parameters:
    ///   - accessKey: tells whose secret key it is; not secret by itself.
    ///   - secretKey: never sent. Not empty.
    ///   - region: a region id such as `cn-hangzhou` makes it signature v4, whose key changes with the day.
    public init(accessKey: String, secretKey: SecretText, region: String? = nil) {
        precondition(!accessKey.isEmpty && !secretKey.text.isEmpty, "a signer without keys")
        precondition(secretKey.text.utf8.count <= Self.keyBytes, "a secret key of \(secretKey.text.utf8.count) bytes")
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.region = region
    }

    /// Longer than any key that is handed out, and within the `int` that OpenSSL counts keys in.
    public static let keyBytes = 4 << 10

    /// What signs a request of this registration that is made now.
    public mutating func sign(_ instance: InstanceKey, at now: WallTime) -> RequestSignature {
        sign(groupedServiceName: instance.groupedServiceName, at: now)
    }

    /// What signs a request; `groupedServiceName` is nil when the request is about no service.
    public mutating func sign(groupedServiceName: String?, at now: WallTime) -> RequestSignature {
        let millis = String(now.milliseconds)
        let data = groupedServiceName.map { "\(millis)@@\($0)" } ?? millis
        let code = Base64.encoded(HMACCode.sha1(key: currentKey(now), Array(data.utf8)))
        var parameters: [UInt8] = []
        NacosRequestEncoder.appendParameter("&data=", data, to: &parameters)
        NacosRequestEncoder.appendParameter("&ak=", accessKey, to: &parameters)
        NacosRequestEncoder.appendParameter("&signature=", code, to: &parameters)
        if region != nil { NacosRequestEncoder.appendParameter("&signatureVersion=", "v4", to: &parameters) }
        return RequestSignature(parameters: parameters)
    }

    private mutating func currentKey(_ now: WallTime) -> [UInt8] {
        guard let region else { return Array(secretKey.text.utf8) }
        // `2024-01-02` of RFC 3339, without the dashes: UTC, as the server counts days.
        let day = now.rfc3339.utf8.prefix(10).filter { $0 != UInt8(ascii: "-") }
        if key.day != day {
            var bytes = Array("aliyun_v4\(secretKey.text)".utf8)
            for part in [day, Array(region.utf8), Array("mse-nacos".utf8), Array("aliyun_v4_request".utf8)] {
                bytes = HMACCode.sha256(key: bytes, part)
            }
            key = (day, Array(Base64.encoded(bytes).utf8))
        }
        return key.bytes
    }
}

extension RequestSigner: CustomStringConvertible, CustomReflectable {
    /// The access key only.
    public var description: String { "access key \(accessKey)" }
    /// As `description`: the key of a day is as good as the secret key.
    public var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}

/// HMAC (RFC 2104) by OpenSSL.
private enum HMACCode {
    static func sha1(key: [UInt8], _ data: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 20) { code, count in
            count = beatd_hmac_sha1(key, key.count, data, data.count, code.baseAddress)
            precondition(count == 20, "OpenSSL has no HMAC-SHA1")
        }
    }

    static func sha256(key: [UInt8], _ data: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { code, count in
            count = beatd_hmac_sha256(key, key.count, data, data.count, code.baseAddress)
            precondition(count == 32, "OpenSSL has no HMAC-SHA256")
        }
    }
}

/// Base 64 with padding (RFC 4648 §4).
private enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                text.append(
                    place <= group.count
                        ? alphabet[Int(bits >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

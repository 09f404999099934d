import BeatCore
import HTTPWire
import NacosWire
import Testing

/// Vector 37: the signatures of nacos.md §5.5.
@Suite struct SignatureTests {
    private let grouped = "DEFAULT_GROUP@@svc"

    private func pairs(_ signature: RequestSignature) throws -> [FormPair] {
        var bytes: [UInt8] = []
        let query = NacosRequestEncoder.instanceQuery(plainKey)
        encoder.appendLightBeat(instanceQuery: query.span, signature: signature, to: &bytes)
        return Array(try SentRequest(bytes).query.dropFirst(5))
    }

    @Test("vector 37: the signature of §5.5")
    func vector37_signature() throws {
        var signer = RequestSigner(accessKey: "a+k", secretKey: SecretText("sk123"))
        let now = WallTime(milliseconds: 1_700_000_000_000)
        #expect(
            try pairs(signer.sign(groupedServiceName: grouped, at: now)) == [
                FormPair("data", "1700000000000@@DEFAULT_GROUP@@svc"), FormPair("ak", "a+k"),
                FormPair("signature", "8viYOdK7UuFItYiS6xXcXg5K+s4="),
            ])
        #expect(
            try pairs(signer.sign(groupedServiceName: nil, at: now)) == [
                FormPair("data", "1700000000000"), FormPair("ak", "a+k"),
                FormPair("signature", "R8fd/GkVrEHApa0VXC3zBGl1VtQ="),
            ])
        #expect(signer.sign(plainKey, at: now) == signer.sign(groupedServiceName: grouped, at: now))
    }

    /// The vector takes the data of one day with the key of another, which no request does: the key is checked by the
    /// signature that an independent implementation, checked by the vector, makes of that day's data.
    @Test("vector 37: the signature of §5.5 with a region")
    func vector37_signatureV4() throws {
        var signer = RequestSigner(accessKey: "ak", secretKey: SecretText("sk123"), region: "cn-hangzhou")
        // 2024-01-02T00:00:00Z and the last millisecond of that day.
        let morning = WallTime(milliseconds: 1_704_153_600_000)
        let night = WallTime(milliseconds: 1_704_239_999_999)
        for (now, expected) in [
            (morning, "8/LBOgxwkmNNz92Y9adM777DeBQ="), (night, "N2JguvoGrYdnND4tFP4IWRkkyTg="),
            (WallTime(milliseconds: night.milliseconds + 1), "8713t5WzsZs4iZ+FnFWQ+hVCqSI="),
            (morning, "8/LBOgxwkmNNz92Y9adM777DeBQ="),
        ] {
            #expect(
                try pairs(signer.sign(groupedServiceName: grouped, at: now)) == [
                    FormPair("data", "\(now.milliseconds)@@DEFAULT_GROUP@@svc"), FormPair("ak", "ak"),
                    FormPair("signature", expected), FormPair("signatureVersion", "v4"),
                ])
        }
    }

    @Test func everyRequestCanBeSigned() throws {
        var signer = RequestSigner(accessKey: "ak", secretKey: SecretText("sk123"))
        let signature = signer.sign(plainKey, at: WallTime(milliseconds: 1_700_000_000_000))
        for dialect in Dialect.allCases {
            let encoder = NacosRequestEncoder(host: "h", version: "1", dialect: dialect)
            let document = RegistrationDocument(key: plainKey)
            let query = NacosRequestEncoder.instanceQuery(plainKey, dialect: dialect)
            var requests: [[UInt8]] = [[], [], [], []]
            encoder.appendLightBeat(instanceQuery: query.span, signature: signature, to: &requests[0])
            let info = BeatInfo(document, period: .seconds(5))
            encoder.appendFullBeat(info, instanceQuery: query.span, signature: signature, to: &requests[1])
            encoder.appendRegister(document, instanceQuery: query.span, signature: signature, to: &requests[2])
            encoder.appendDeregister(plainKey, signature: signature, to: &requests[3])
            let unsigned = try allRequests(document, encoder)
            let plain = [unsigned[2], unsigned[1], unsigned[0], unsigned[3]]
            for (bytes, plain) in zip(requests, plain) {
                let sent = try SentRequest(bytes)
                #expect(sent["signature"] == "8viYOdK7UuFItYiS6xXcXg5K+s4=")
                #expect(sent["signatureVersion"] == nil)
                #expect(sent.query.dropLast(3) == plain.query[...])
                #expect(sent.form == plain.form)
            }
        }
    }
}

public import BeatCore
public import JSON

/// A registration that is declared beside the API, by a file or a command line, under the rules that POST has.
public enum DeclaredRegistration {
    /// One thing that is wrong.
    public struct Fault: Equatable, Sendable {
        /// Where: a JSON pointer (RFC 6901) into the document, or empty for the whole.
        public let pointer: String
        /// What is wrong, and what to write instead.
        public let detail: String
    }

    /// All that is wrong, at once.
    public struct Refusal: Error, Equatable, Sendable {
        /// At least one.
        public let faults: [Fault]
    }

    /// The document, checked as the body of a POST is.
    public static func read(
        _ json: JSONValue, defaultNamespace: String, defaultIP: String?,
        chooseAddress: @escaping @Sendable (String) -> AddressChoice
    ) throws(Refusal) -> RegistrationDocument {
        do throws(Problem) {
            return try RegistrationReader.read(
                json,
                .init(
                    namespaceId: defaultNamespace, ip: defaultIP, chooseAddress: chooseAddress, allowsExec: true))
        } catch {
            guard !error.items.isEmpty else { throw Refusal(faults: [Fault(pointer: "", detail: error.detail)]) }
            throw Refusal(
                faults: error.items.map { item in
                    switch item.place {
                    case .pointer(let pointer): Fault(pointer: pointer, detail: item.detail)
                    case .parameter(let name), .configuration(let name): Fault(pointer: name, detail: item.detail)
                    }
                })
        }
    }
}

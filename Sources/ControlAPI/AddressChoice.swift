/// What a rule for an address, such as `auto:eth0`, comes to on this host.
public enum AddressChoice: Equatable, Sendable {
    /// The address.
    case address(String)
    /// No address of this host fits, for now.
    case none
    /// The text is no rule: what is wrong with it.
    case invalid(String)
}

extension RegistrationReader {
    /// The address of a document, and the rule by which it was chosen; nil when something is wrong, or nothing is there.
    ///
    /// A document that was read has both, and its address is kept when it is put back: whoever watches the rule changes
    /// it when it has to be.
    mutating func chooseAddress(
        _ given: String?, rule givenRule: String?, _ defaults: Defaults
    ) -> (ip: String, rule: String?)? {
        guard let text = given ?? givenRule ?? defaults.ip else { return nil }
        guard AddressRules.isRule(text) else {
            guard let givenRule else { return (text, nil) }
            if case .invalid(let fault) = defaults.chooseAddress(givenRule) { self.fault("/ipRule", fault) }
            return (text, givenRule)
        }
        if let givenRule, givenRule != text {
            fault("/ipRule", "contradicts ip, which says \(NameRules.quoted(text)); leave one of them out")
            return nil
        }
        switch defaults.chooseAddress(text) {
        case .address(let ip): return (ip, text)
        case .none: fault("/ip", "\(text) fits no address of this host; give the address itself")
        case .invalid(let fault): self.fault("/ip", fault)
        }
        return nil
    }
}

/// Text that may go to a Nacos server and nowhere else: a password, a token, a secret key. Whatever prints it prints
/// `<set>`.
public struct SecretText: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let text: String

    /// Takes the text as it is.
    public init(_ text: String) {
        self.text = text
    }

    /// `<set>`.
    public var description: String { "<set>" }
    /// `<set>`.
    public var debugDescription: String { "<set>" }
    /// Nothing: `dump` and string interpolation of what holds a secret look here.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

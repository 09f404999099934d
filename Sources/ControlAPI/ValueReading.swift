internal import BeatCore
internal import JSON

/// What is wrong with a value, in words that name the fix.
struct ValueFault: Error {
    var text: String

    init(_ text: String) { self.text = text }
}

/// Reads values of documents as what they should be.
enum ValueReading {
    static func string(_ value: JSONValue) throws(ValueFault) -> String {
        switch value {
        case .string(let text): return text
        case .integer(let number): throw ValueFault("must be a string: write \"\(number)\" in quotes")
        case .number(let number): throw ValueFault("must be a string: write \"\(number)\" in quotes")
        case .bool(let flag): throw ValueFault("must be a string: write \"\(flag)\" in quotes")
        case .null, .array, .object: throw ValueFault("must be a string, got \(value.typeName)")
        }
    }

    static func integer(_ value: JSONValue, _ range: ClosedRange<Int>) throws(ValueFault) -> Int {
        let number: Int?
        switch value {
        case .integer(let given): number = Int(exactly: given)
        case .number(let given): number = Int(exactly: given)
        case .string, .null, .bool, .array, .object:
            throw ValueFault("must be a whole number \(text(range)), got \(value.typeName)")
        }
        if let number, range.contains(number) { return number }
        throw ValueFault("must be a whole number \(text(range))")
    }

    private static func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound)…\(range.upperBound)" }

    static func duration(_ value: JSONValue, _ range: ClosedRange<Duration>) throws(ValueFault) -> Duration {
        guard case .string(let text) = value else {
            throw ValueFault("must be a duration as text, such as \"5s\" or \"500ms\", got \(value.typeName)")
        }
        guard let duration = DurationText.parse(text) else {
            throw ValueFault("must be a duration such as 500ms, 5s or 1m, got \(NameRules.quoted(text))")
        }
        guard range.contains(duration) else {
            let bounds = "\(DurationText.text(range.lowerBound))…\(DurationText.text(range.upperBound))"
            throw ValueFault("must be \(bounds), got \(text)")
        }
        return duration
    }

    /// A choice among the names of an enum.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue, _ type: Choice.Type
    ) throws(ValueFault) -> Choice where Choice.RawValue == String {
        let text = try string(value)
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        let hint = NearestName.suggestion(for: text, among: names)
        throw ValueFault("must be one of \(names.joined(separator: ", ")), got \(NameRules.quoted(text))\(hint)")
    }
}

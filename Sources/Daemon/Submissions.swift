internal import BeatCore
internal import ControlAPI

/// Requests that the core has not answered yet, by the tokens of their inputs.
struct Submissions {
    /// One request with the answers that came so far.
    struct Submission {
        var arrival: HTTPServer.Arrival
        var pending: Pending
        var route: Route
        var requestID: String
        var firstToken: UInt64
        var answers: [Answer?]
    }

    private var open: [UInt64: Submission] = [:]
    /// The submission that a token belongs to, by its first token.
    private var firstOf: [UInt64: UInt64] = [:]
    private var onConnection: [UInt64: UInt64] = [:]

    /// Requests without an answer.
    var count: Int { open.count }

    /// Begins to wait for as many answers as the request has inputs.
    mutating func add(_ submission: Submission) {
        open[submission.firstToken] = submission
        onConnection[submission.arrival.connection.number] = submission.firstToken
        for token in submission.tokens { firstOf[token] = submission.firstToken }
    }

    /// Takes an answer; the submission when it was the last one.
    mutating func take(_ answer: Answer, for token: RequestToken) -> (Submission, [Answer])? {
        guard let first = firstOf.removeValue(forKey: token.number), var submission = open[first] else { return nil }
        submission.answers[Int(token.number - first)] = answer
        let answers = submission.answers.compactMap { $0 }
        guard answers.count == submission.answers.count else {
            open[first] = submission
            return nil
        }
        open[first] = nil
        onConnection[submission.arrival.connection.number] = nil
        return (submission, answers)
    }

    /// The connection is gone: the tokens that nobody waits for any more.
    mutating func abandon(connection number: UInt64) -> [RequestToken] {
        guard let first = onConnection.removeValue(forKey: number), let submission = open.removeValue(forKey: first)
        else { return [] }
        return submission.tokens.compactMap { firstOf.removeValue(forKey: $0) == nil ? nil : RequestToken($0) }
    }
}

extension Submissions.Submission {
    var tokens: Range<UInt64> { firstToken..<(firstToken + UInt64(answers.count)) }
}

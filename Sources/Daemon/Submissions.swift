internal import BeatCore
internal import ControlAPI

/// Requests that the core has not answered yet, by the tokens of their inputs.
struct Submissions {
    /// One request with the answers that came so far.
    struct Submission {
        var arrival: HTTPServer.Arrival
        var pending: Pending
        var route: Route
        var requestID: RequestID
        var firstToken: UInt64
        /// Empty where one answer is all that belongs to it.
        fileprivate var answers: [Answer?]

        init(
            arrival: HTTPServer.Arrival, pending: Pending, route: Route, requestID: RequestID, firstToken: UInt64
        ) {
            self.arrival = arrival
            self.pending = pending
            self.route = route
            self.requestID = requestID
            self.firstToken = firstToken
            answers = pending.count == 1 ? [] : Array(repeating: nil, count: pending.count)
        }
    }

    private var open: [UInt64: Submission] = [:]
    /// The submission that a token belongs to, by its first token; none of those with one token only.
    private var firstOf: [UInt64: UInt64] = [:]
    private var onConnection: [UInt64: UInt64] = [:]

    /// Requests without an answer.
    var count: Int { open.count }

    /// Begins to wait for as many answers as the request has inputs.
    mutating func add(_ submission: Submission) {
        open[submission.firstToken] = submission
        onConnection[submission.arrival.connection.number] = submission.firstToken
        guard submission.pending.count > 1 else { return }
        for token in submission.tokens { firstOf[token] = submission.firstToken }
    }

    /// Takes an answer; the submission when it was the last one.
    mutating func take(_ answer: Answer, for token: RequestToken) -> (Submission, [Answer])? {
        let first = firstOf.isEmpty ? token.number : firstOf.removeValue(forKey: token.number) ?? token.number
        guard let place = open.index(forKey: first) else { return nil }
        if open.values[place].pending.count == 1 {
            return (close(at: place), [answer])
        }
        open.values[place].answers[Int(token.number - first)] = answer
        guard open.values[place].answers.allSatisfy({ $0 != nil }) else { return nil }
        let submission = close(at: place)
        return (submission, submission.answers.compactMap { $0 })
    }

    private mutating func close(at place: Dictionary<UInt64, Submission>.Index) -> Submission {
        let submission = open.remove(at: place).value
        onConnection[submission.arrival.connection.number] = nil
        return submission
    }

    /// The connection is gone: the tokens that nobody waits for any more.
    mutating func abandon(connection number: UInt64) -> [RequestToken] {
        guard let first = onConnection.removeValue(forKey: number), let submission = open.removeValue(forKey: first)
        else { return [] }
        if submission.pending.count == 1 { return [RequestToken(first)] }
        return submission.tokens.compactMap { firstOf.removeValue(forKey: $0) == nil ? nil : RequestToken($0) }
    }
}

extension Submissions.Submission {
    var tokens: Range<UInt64> { firstToken..<(firstToken + UInt64(pending.count)) }
}

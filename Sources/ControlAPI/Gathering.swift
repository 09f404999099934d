public import BeatCore
public import HTTPWire

/// An answer that is put together in portions, so that neither a page of the list nor the metrics of a large process
/// hold up the loop. Each portion looks at a bounded number of rows and writes a bounded number of lines; what changes
/// between two of them is in the answer as it was or as it is.
public struct GatheredAnswer: Sendable {
    enum Work: Sendable {
        case page(PageWork)
        case metrics(MetricsWork)
        /// Its answer was given, or a portion is under way.
        case none
    }

    var work: Work
}

/// What a portion has come to.
public enum GatherStep: Sendable {
    case more
    case respond(HTTPResponse)
}

/// What bounds one portion; each is 0.1 to 0.5 ms of work.
enum GatherLimits {
    /// Items written.
    static let items = 32
    /// Registrations that a filter looks at.
    static let matched = 512
    /// Rows looked at for the oldest success, which is one comparison each.
    static let scanned: Int32 = 65_536
    /// Histograms of one metric, of a dozen lines each.
    static let histograms = 16
}

extension ControlAPI {
    /// One portion of the work.
    public func step(_ answer: inout GatheredAnswer, core: borrowing BeatReactor, context: Context) -> GatherStep {
        // Taken out, so that it is changed in place and not copied.
        let work = answer.work
        answer.work = .none
        switch consume work {
        case .page(var page):
            if let response = step(&page, core: core, context: context) { return .respond(response) }
            answer.work = .page(page)
        case .metrics(var metrics):
            if let response = step(&metrics, core: core, context: context) { return .respond(response) }
            answer.work = .metrics(metrics)
        case .none: preconditionFailure("a portion of an answer that was given")
        }
        return .more
    }
}

public import BeatCore
public import HTTPWire
internal import JSON

/// A batch or an import on its way: first its list is read, element by element, then it is applied.
///
/// A long body would hold up the loop if it were read at once; so the shell calls `ControlAPI.step` a few times a
/// turn, and beats go out in between. A batch is applied in one turn. An import is applied in portions, each after
/// the answer to the one before: when its answer goes out, every portion's has come.
public struct BulkRequest: Sendable {
    enum Kind: Equatable, Sendable {
        case batch(atomic: Bool)
        case importing(replace: Bool)

        /// The key of the list.
        var list: String {
            switch self {
            case .batch: "operations"
            case .importing: "items"
            }
        }
    }

    enum Stage: Sendable {
        /// Entered at the start; leaves to `searching` (replace) or `applying`.
        case reading
        /// An import looks for what it does not have, from this slot on; leaves to `applying`.
        case searching(Int32)
        /// The portions from here on are to be applied.
        case applying(Int)
        /// A portion is with the core; leaves to `applying` when it is answered.
        case waiting(Int)
    }

    /// An element that cannot be done.
    struct Fault: Sendable {
        var element: Int
        var problem: Problem
    }

    /// What came of one operation of a batch.
    struct Result: Sendable {
        var status: Int
        var id: String
        var result: WriteResult?
        var problem: Problem?
    }

    let kind: Kind
    let isDry: Bool
    let pretty: Bool
    let preconditions: Preconditions
    var body: [UInt8]
    var scanner: JSONListScanner
    var stage = Stage.reading
    /// Elements read.
    var elements = 0
    /// What is to be done, each portion as one input: all of a batch, or a bounded part of an import. Each is freed
    /// when it is done, so that no turn has to free a whole import.
    var portions: [[BatchOperation]] = []
    /// Which element of a batch each operation was.
    var positions: [Int] = []
    /// What an import takes away before it writes.
    var removals: [[BatchOperation]] = []
    /// Registrations that an import would create.
    var creations = 0
    var faults: [Fault] = []
    /// What the operations of a batch would do, one after the other.
    var plan: BatchPlan
    /// What came of a batch's operations, in their order.
    var results: [Result] = []
    /// The operations for which an atomic batch was refused by the core.
    var refused: [BatchFault] = []
    var tally = ImportTally()
    /// For an import: which element has a key, by its fingerprint, or a chosen id.
    var elementOf: [UInt64: Int] = [:]
    var elementOfID: [String: Int] = [:]

    init(_ kind: Kind, _ call: Call, isDry: Bool, core: borrowing BeatReactor) {
        self.kind = kind
        self.isDry = isDry
        pretty = call.pretty
        preconditions = Preconditions(call.request.fields)
        body = call.request.body
        scanner = JSONListScanner(list: kind.list, pieceLimit: BulkLimits.elementBytes)
        plan = BatchPlan(core)
    }

    /// Appends to the last portion, or to a new one.
    static func append(_ operation: BatchOperation, to portions: inout [[BatchOperation]], size: Int) {
        if let last = portions.indices.last, portions[last].count < size {
            portions[last].append(operation)
        } else {
            portions.append([operation])
            portions[portions.count - 1].reserveCapacity(min(size, BulkLimits.importedAtOnce))
        }
    }

    /// True once something was handed to the core: it goes on to its end then, also without its client.
    public var isApplying: Bool {
        switch stage {
        case .reading, .searching: false
        case .applying(let next): next > 0
        case .waiting: true
        }
    }
}

/// What an import did.
struct ImportTally: Sendable {
    var created = 0
    var updated = 0
    var unchanged = 0
    var removed = 0
    var failed = 0
}

/// What is to be done next about a bulk request.
public enum BulkStep: Sendable {
    /// Call `step` again, now or in the next turn.
    case more
    /// Feed this to the core; call `answered` with its answer, then `step` again.
    case submit(Input)
    /// It is done.
    case respond(HTTPResponse)
}

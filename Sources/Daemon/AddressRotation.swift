internal import EventLoop

/// The addresses of one host: the one in use stays in use while the name has it, and the next follows when it fails.
struct AddressRotation {
    private(set) var all: [SocketAddress]

    init(_ addresses: [SocketAddress]) { all = addresses }

    /// The one in use; nil while none is known.
    var current: SocketAddress? { all.first }

    /// What the name leads to now.
    mutating func take(_ found: [SocketAddress]) {
        guard let current, found.contains(current) else {
            all = found
            return
        }
        all = [current] + found.filter { $0 != current }
    }

    /// No connection to this one came about. Of several that fail together the first moves on.
    mutating func failed(_ address: SocketAddress) {
        if all.count > 1, all.first == address { all.append(all.removeFirst()) }
    }
}

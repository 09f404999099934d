import Testing

/// The tests with real sockets, one after another: some of them measure time.
@Suite(.serialized) enum OnSockets {}

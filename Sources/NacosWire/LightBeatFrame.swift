public import BeatCore

/// What stands around the instance query of each beat without a body, in either dialect.
///
/// An object with bytes of its own: as arrays, each would have its references counted with each beat.
public final class LightBeatFrame {
    private struct Around {
        let start: UnsafeRawBufferPointer
        let end: UnsafeRawBufferPointer

        init(_ bytes: (start: [UInt8], end: [UInt8])) {
            start = Around.copy(bytes.start)
            end = Around.copy(bytes.end)
        }

        private static func copy(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            copy.copyBytes(from: bytes)
            return UnsafeRawBufferPointer(copy)
        }

        func free() {
            start.deallocate()
            end.deallocate()
        }
    }

    private let v1: Around
    private let v3: Around

    init(v1: (start: [UInt8], end: [UInt8]), v3: (start: [UInt8], end: [UInt8])) {
        self.v1 = Around(v1)
        self.v3 = Around(v3)
    }

    deinit {
        v1.free()
        v3.free()
    }

    /// Appends a beat, signed when there is a signature. Its query may come in two parts.
    ///
    /// All in one growth of the output: each piece with its own costs as much as the rest of a beat's encoding.
    public func append(
        _ query: (UnsafeRawBufferPointer, UnsafeRawBufferPointer), _ dialect: Dialect, _ signature: RequestSignature?,
        to output: inout [UInt8]
    ) {
        let around = dialect == .v1 ? v1 : v3
        let signed = signature?.parameters.count ?? 0
        let count = around.start.count + query.0.count + query.1.count + signed + around.end.count
        output.append(addingCapacity: count) { space in
            space.withUnsafeMutableBufferPointer { space, used in
                var place = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(space)[used...])
                Self.copy(around.start, to: &place)
                Self.copy(query.0, to: &place)
                Self.copy(query.1, to: &place)
                if signed > 0 { signature?.parameters.withUnsafeBytes { Self.copy($0, to: &place) } }
                Self.copy(around.end, to: &place)
                used += count
            }
        }
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, to place: inout UnsafeMutableRawBufferPointer) {
        place.copyMemory(from: bytes)
        place = UnsafeMutableRawBufferPointer(rebasing: place[bytes.count...])
    }
}

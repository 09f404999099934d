/// Line breaks and indentation for people (`?pretty`).
public enum JSONPretty {
    /// Spaces for each level.
    private static let indent = 2

    /// The same JSON with one member or item per line, two spaces a level and `": "` behind keys.
    ///
    /// Empty arrays and objects stay `[]` and `{}`. White space between tokens is replaced; no line break is added at
    /// the end. The input must be JSON, which is not checked. `level` is how deep it stands within other JSON.
    public static func pretty(_ compact: [UInt8], level start: Int = 0) -> [UInt8] {
        var out: [UInt8] = []
        // Measured on lists of registrations: half as much again.
        out.reserveCapacity(compact.count + compact.count / 2)
        var level = start
        var index = 0
        while index < compact.count {
            let byte = compact[index]
            switch byte {
            case UInt8(ascii: "\""):
                let end = endOfString(compact, from: index)
                out.append(contentsOf: compact[index..<end])
                index = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                out.append(byte)
                level += 1
                appendBreak(level, to: &out)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                level -= 1
                close(byte, level, in: &out)
            case UInt8(ascii: ","):
                out.append(byte)
                appendBreak(level, to: &out)
            case UInt8(ascii: ":"):
                out.append(byte)
                out.append(UInt8(ascii: " "))
            case 0x20, 0x09, 0x0A, 0x0D:
                break
            default:
                out.append(byte)
            }
            index += 1
        }
        return out
    }

    private static func appendBreak(_ level: Int, to out: inout [UInt8]) {
        out.append(0x0A)
        out.append(contentsOf: repeatElement(0x20, count: max(0, level) * indent))
    }

    /// Closes a level; when it was opened just before, the line break made for its first item goes.
    private static func close(_ byte: UInt8, _ level: Int, in out: inout [UInt8]) {
        let content = out.lastIndex { $0 != 0x20 && $0 != 0x0A }
        if let content, out[content] == UInt8(ascii: "{") || out[content] == UInt8(ascii: "[") {
            out.removeSubrange((content + 1)...)
        } else {
            appendBreak(level, to: &out)
        }
        out.append(byte)
    }

    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index + 1
            default: index += 1
            }
        }
        return bytes.count
    }
}

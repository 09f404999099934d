/// Strings that repeat across registrations (namespaces, groups, services, clusters), kept once and counted.
struct Interner {
    private var texts: [String] = []
    private var uses: [UInt32] = []
    private var free: [UInt32] = []
    private var numbers: [String: UInt32] = [:]

    /// The number that stands for `text`; each call is to be matched by one `release`.
    mutating func retain(_ text: String) -> UInt32 {
        if let number = numbers[text] {
            uses[Int(number)] += 1
            return number
        }
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
            texts[Int(number)] = text
            uses[Int(number)] = 1
        } else {
            number = UInt32(texts.count)
            texts.append(text)
            uses.append(1)
        }
        numbers[text] = number
        return number
    }

    /// As `retain`, without looking it up when it is the text of `number`, in use or not.
    mutating func retain(_ text: String, like number: UInt32) -> UInt32 {
        let place = Int(number)
        guard place < texts.count, uses[place] > 0, texts[place] == text else { return retain(text) }
        uses[place] += 1
        return number
    }

    /// As `retain`, unless it would be one text more than `limit`.
    mutating func retain(_ text: String, atMost limit: Int) -> UInt32? {
        numbers[text] != nil || count < limit ? retain(text) : nil
    }

    /// Gives back one use; the last one frees the text.
    mutating func release(_ number: UInt32) {
        uses[Int(number)] -= 1
        guard uses[Int(number)] == 0 else { return }
        numbers[texts[Int(number)]] = nil
        texts[Int(number)] = ""
        free.append(number)
    }

    subscript(_ number: UInt32) -> String { texts[Int(number)] }

    /// Different texts that are held.
    var count: Int { numbers.count }
}

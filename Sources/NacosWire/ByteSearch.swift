extension Collection<UInt8> {
    /// Where `phrase` stands first, nil when nowhere.
    ///
    /// The standard library's own search by phrase is in the module of regular expressions, which would add 1.4 MB
    /// to a static binary.
    func firstRange(ofPhrase phrase: String) -> Range<Index>? {
        var start = startIndex
        while true {
            var end = start
            var wanted = phrase.utf8.makeIterator()
            while let byte = wanted.next() {
                guard end < endIndex else { return nil }
                guard self[end] == byte else { break }
                formIndex(after: &end)
            }
            if distance(from: start, to: end) == phrase.utf8.count { return start..<end }
            formIndex(after: &start)
        }
    }
}

import HTTPWire

// A span cannot pass through the macros of Testing, an array can.

extension HTTPRequestParser {
    mutating func parse(_ text: String) -> HTTPParseStep {
        parse(Array(text.utf8).span)
    }
}

extension HTTPResponseParser {
    mutating func parse(_ text: String) throws(HTTPResponseError) -> HTTPResponseStep {
        try parse(Array(text.utf8).span)
    }
}

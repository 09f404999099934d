"""What schemathesis may send: sound values that would only cost time, or that nobody could guess, are made usable."""

import re

import schemathesis

# beatd's numbers: what is beyond is malformed JSON to it (control-api.md, Errors), wherever it stands.
INTEGERS = range(-(2**63), 2**63)

# A sound duration. What is none stays as it is: it must be refused.
WAIT = re.compile(r"(0|[1-9][0-9]*)(ms|s|m)")
# A page's token. Others are refused with 400 or 410, which no schema can foretell; tests in ControlAPITests hold that.
TOKEN = re.compile(r"AQ[A-Za-z0-9_-]{32}")


def in_range(value):
    if isinstance(value, dict):
        return all(in_range(each) for each in value.values())
    if isinstance(value, list):
        return all(in_range(each) for each in value)
    return not isinstance(value, int) or value in INTEGERS


@schemathesis.hook
def filter_body(context, body):
    return in_range(body)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path == "/v1/events":
        # An id that is not known: the stream begins with an event, `reset`. Its other form, lines, is no media type that
        # schemathesis reads piece by piece; EventSocketTests hold that one.
        case.headers["Last-Event-ID"] = "unknown-1"
        case.headers["Accept"] = "text/event-stream"
    query = case.query
    if not query:
        return
    if isinstance(query.get("wait"), str) and WAIT.fullmatch(query["wait"]):
        query["wait"] = "20ms"
    if isinstance(query.get("continue"), str) and query["continue"] and not TOKEN.fullmatch(query["continue"]):
        del query["continue"]

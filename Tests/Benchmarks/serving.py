"""What the control API takes: GET beside `evhttp`, an open loop while it beats."""

import json
import statistics
import time

from harness import (
    Beatd, Connection, Failure, ask, ask_json, cpu_clock, request, run_json, say, start_listening, start_sink, verdict,
    wait_for, wait_until_beaten)

ROUNDS = 11
GET_CONNECTIONS = 16
OPEN_LOOP_RATE, OPEN_LOOP_COUNT = 1000, 10000
GOAL_GET, GOAL_OPEN_MS, GOAL_OPEN_LATE_MS = 1.5, 5.0, 20.0


def post_one(port):
    """Registers one instance; its path and its document."""
    connection = Connection(port)
    try:
        connection.send([request("POST", "/v1/beats", b'{"serviceName":"bench-get","port":8080,"ip":"10.200.0.1"}')])
        status, body, _ = connection.receive()
    finally:
        connection.close()
    if status not in (200, 201):
        raise Failure(f"POST was answered {status}: {body[:200]!r}")
    document = json.loads(body)
    path = "/v1/beats/" + document.get("registration", document)["id"]
    # From its first beat on the document has what it will have while it is asked for.
    wait_for("the first beat", 10, lambda: ask_json(port, path)["status"]["lastBeat"] is not None)
    return path, ask(port, path)[1]


def get(processes, options, log, port, path, rate=0):
    return run_json(
        processes,
        ["load", "--port", str(port), "--get", path, "--seconds", str(options.seconds), "--connections",
         str(GET_CONNECTIONS), "--rate", str(rate)],
        options.sink_core, log, options.seconds + 30)


def measure_get(processes, options, command, work, log):
    """GET of one registration, closed loop, beside an `evhttp` handler with the same answer on the same core."""
    sink, sink_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    path, body = post_one(beatd.port)
    peer, peer_port = start_listening(processes, ["peer", body.decode()], options.core, log)

    def measured(pid, port):
        """What `load` says, and the CPU that the server took for each request in microseconds."""
        before = cpu_clock(pid)
        result = get(processes, options, log, port, path)
        # The first second warms up, and is not among the requests.
        asked = result["perSecond"] * (options.seconds + 1)
        return result["perSecond"], (cpu_clock(pid) - before) / asked * 1e6

    rounds = []
    for number in range(ROUNDS):
        theirs, ours = measured(peer.pid, peer_port), measured(beatd.pid, beatd.port)
        rounds.append((theirs, ours))
        say(f"round {number + 1}: evhttp {theirs[0]}/s, {theirs[1]:.1f} us each, beatd {ours[0]}/s, {ours[1]:.1f} us")
    processes.stop(peer)
    beatd.stop()
    processes.stop(sink)
    ratio = statistics.median(ours[0] / theirs[0] for theirs, ours in rounds)
    cpu = statistics.median(theirs[1] / ours[1] for theirs, ours in rounds)
    middle = [statistics.median(pair[place][figure] for pair in rounds) for place in (0, 1) for figure in (0, 1)]
    return "\n".join([
        f"GET of one registration, {GET_CONNECTIONS} connections: evhttp {middle[0]:.0f}/s, {middle[1]:.1f} µs CPU each, "
        f"beatd {middle[2]:.0f}/s, {middle[3]:.1f} µs; {len(body)} bytes, median of {ROUNDS} rounds", "",
        verdict(ratio >= GOAL_GET, f"≥ {GOAL_GET:g} × evhttp", f"{ratio:.2f} ×; per CPU second {cpu:.2f}")]
    ), ratio >= GOAL_GET


def measure_open(processes, options, command, work, log):
    """GETs at a fixed rate, latency from when each was due, while registrations beat; and of `evhttp` with nothing else
    to do, for what the machine's stalls are."""
    peer, peer_port = start_listening(processes, ["peer", "{}"], options.core, log)
    theirs = get(processes, options, log, peer_port, "/", OPEN_LOOP_RATE)["latencyMs"]
    processes.stop(peer)
    sink, sink_port = start_sink(processes, options, log)
    beatd = Beatd(processes, options, command, work, log, sink_port).wait_until_ready()
    beatd.register(OPEN_LOOP_COUNT)
    wait_until_beaten(sink_port, OPEN_LOOP_COUNT, 60)
    path, _ = post_one(beatd.port)
    time.sleep(60)  # lateness is of the last minute
    result = get(processes, options, log, beatd.port, path, OPEN_LOOP_RATE)
    late = ask_json(beatd.port, "/v1/metrics")["latenessSeconds"]["1m"]["p99"] * 1000
    beatd.stop()
    processes.stop(sink)
    p99 = result["latencyMs"]["p99"]
    met = p99 < GOAL_OPEN_MS and late < GOAL_OPEN_LATE_MS and result["perSecond"] > 0.95 * OPEN_LOOP_RATE
    return "\n".join([
        f"Open loop, {result['perSecond']} GET/s for {options.seconds} s while {OPEN_LOOP_COUNT} beat: "
        f"p50 {result['latencyMs']['p50']:.2f} ms, p99 {p99:.2f} ms, max {result['latencyMs']['max']:.1f} ms; evhttp with "
        f"no beats: p50 {theirs['p50']:.2f} ms, p99 {theirs['p99']:.2f} ms, max {theirs['max']:.1f} ms", "",
        verdict(met, f"p99 < {GOAL_OPEN_MS:g} ms, lateness p99 < {GOAL_OPEN_LATE_MS:g} ms",
                f"{p99:.2f} ms, {late:.2f} ms")]), met

#!/usr/bin/env python3
"""Asks a running beatd whether it keeps to its documents, by tools that nobody here wrote. Exits 1 when it does not.

    .venv-contract/bin/python Tests/contract/contract.py [--binary .build/release/beatd] [--seed N]

openapi-spec-validator judges openapi.yaml, schemathesis every answer against it, promtool and prometheus_client the
metrics. The seed is fixed, so that a run says the same twice; another one looks elsewhere.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "Tests", "python"))
from beatd_process import Beatd  # noqa: E402

# What a run may take; it takes about a minute.
LIMIT = 600
DRAIN = "/v1/drain"


def get(address, path, accept):
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"GET {path} answered {answer.status}")
    return body


def register(address):
    """Something to look at, so that no metric is without a series."""
    for port in range(1, 4):
        connection = http.client.HTTPConnection(address, timeout=10)
        body = json.dumps({"serviceName": "contract", "ip": "10.0.0.7", "port": port})
        connection.request("POST", "/v1/beats?wait=3s", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status not in (200, 201):
            raise SystemExit(f"POST /v1/beats answered {answer.status}")


def tool(name):
    return os.path.join(os.path.dirname(sys.executable), name)


def run(what, command, **rest):
    print(f"---- {what}", flush=True)
    done = subprocess.run(command, timeout=LIMIT, check=False, **rest)
    return [] if done.returncode == 0 else [f"{what} (exit {done.returncode})"]


def specification():
    return run("openapi-spec-validator", [tool("openapi-spec-validator"), os.path.join(ROOT, "openapi.yaml")])


def metrics(address):
    text = get(address, "/metrics", "text/plain")
    failures = run("promtool check metrics", ["promtool", "check", "metrics"], input=text)
    print("---- prometheus_client reads OpenMetrics", flush=True)
    text = get(address, "/metrics", "application/openmetrics-text;version=1.0.0").decode()
    try:
        families = list(text_string_to_metric_families(text))
        print(f"{len(families)} metrics")
    except ValueError as error:
        failures.append(f"OpenMetrics: {error}")
    return failures


def answers(address, seed, examples, *which):
    command = [
        tool("schemathesis"), "--config-file", os.path.join(HERE, "schemathesis.toml"),
        "run", os.path.join(ROOT, "openapi.yaml"), "--url", f"http://{address}",
        "--checks", "all", "--max-examples", str(examples), "--seed", str(seed), "--no-color", *which]
    environment = {**os.environ, "PYTHONPATH": HERE, "SCHEMATHESIS_HOOKS": "hooks"}
    return run(f"schemathesis {' '.join(which)}", command, env=environment, cwd=HERE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/beatd"))
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--examples", type=int, default=30)
    options = parser.parse_args()
    failures = specification()
    binary = os.path.abspath(options.binary)
    with Beatd(binary, "naming") as naming, Beatd(
            binary, "serve", "--nacos-servers", naming.address, "--data-dir", "memory", "--socket", "") as beatd:
        register(beatd.address)
        failures += metrics(beatd.address)
        failures += answers(beatd.address, options.seed, options.examples, "--exclude-path", DRAIN)
        # After all of that: still well, and its metrics too.
        failures += metrics(beatd.address)
    # Once drained it takes nothing any more, so this one has a beatd of its own.
    with Beatd(binary, "naming") as naming, Beatd(
            binary, "serve", "--nacos-servers", naming.address, "--data-dir", "memory", "--socket", "") as beatd:
        register(beatd.address)
        failures += answers(beatd.address, options.seed, options.examples, "--include-path", DRAIN)
    for failure in failures:
        print(f"contract: {failure} found something", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

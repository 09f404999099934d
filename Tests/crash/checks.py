"""What checks decide, on the real clock."""

import time

from beatd import Failure, wait_for
from health import Health
from stage import scenario


@scenario()
def a_check_decides(bench):
    """Rows 51 and 52: a failing target stops its beats, a hanging one too, and both are nobody else's matter."""
    every, fall, period = 1.0, 3, "500ms"
    health = Health()
    bench.naming.interval = 500
    try:
        bench.beatd.start()
        def checked(port, path):
            health.set(path, 200)
            bench.register(1, first=port, ip="10.9.0.2", period=period, checks=[
                {"http": f"http://127.0.0.1:{health.port}{path}", "every": "1s", "timeout": "500ms", "fall": fall}])
        checked(1, "/flips")
        checked(2, "/hangs")
        for port in range(3, 23):
            checked(port, f"/well{port}")
        keys = {path: ("crash", "10.9.0.2", str(port)) for port, path in ((1, "/flips"), (2, "/hangs"))}
        wait_for("all beat", 20, lambda: all(
            item["status"]["state"] == "beating" for item in bench.beatd.registrations().values()))
        bench.naming.forget_gaps()

        def stopped(path, status, most):
            """How long beats go on after the target has changed."""
            begin = time.monotonic()
            health.set(path, status)
            time.sleep(most + 2)
            with bench.naming.lock:
                return max(0, bench.naming.heard.get(keys[path], begin) - begin)

        slack = bench.options.slack
        stop = stopped("/flips", 500, fall * every)
        if stop > fall * every + 1 + slack:
            raise Failure(f"beats went on for {stop:.2f} s after the check began to fail")
        hang = stopped("/hangs", None, fall * every + 0.5)
        if hang > fall * every + 0.5 + 1 + slack:
            raise Failure(f"beats went on for {hang:.2f} s after the target began to hang")

        health.set("/flips", 200)
        passed = wait_for("the target is asked", 10, lambda: health.passed.get("/flips"))
        beaten = wait_for("a beat", 10 + slack, lambda: (
            bench.naming.heard[keys["/flips"]] if bench.naming.heard[keys["/flips"]] > passed else None))
        if beaten - passed > 1 + slack:
            raise Failure(f"the first beat came {beaten - passed:.2f} s after the check had passed")
        with bench.naming.lock:
            others = max(gap for key, gap in bench.naming.gaps.items() if key not in keys.values())
        if others > 1 + slack:
            raise Failure(f"others had a gap of {others:.2f} s at a period of {period}")
        return (f"beats cease {stop:.2f} s after a failure and {hang:.2f} s after a hang (fall 3, every 1 s), come back "
                f"{1000 * (beaten - passed):.0f} ms after a pass, longest gap of 20 others {others:.2f} s at {period}")
    finally:
        health.stop()


@scenario()
def held_back_over_kills(bench):
    """Maintenance and fresh verdicts survive kill -9: what beat beats on, what was held out stays out."""
    health = Health()
    try:
        bench.beatd.start()
        health.set("/well", 200)
        check = {"http": f"http://127.0.0.1:{health.port}/well", "every": "2s", "timeout": "500ms"}
        bench.register(20, ip="10.9.0.3", checks=[check])
        bench.register(20, first=100, ip="10.9.0.3", checks=[check])
        held = {(item["ip"], item["port"]): item["id"] for item in bench.beatd.registrations().values()
                if item["port"] >= 100}
        for number, each in enumerate(held.values()):
            body = {"reason": f"number {number}", "mode": "disable", "for": "10m"}
            status, answer = bench.beatd.ask("PUT", f"/v1/beats/{each}/maintenance", body)
            if status != 200:
                raise Failure(f"maintenance: {status} {answer}")
        kills = min(bench.options.kills, 10)
        for kill in range(kills):
            time.sleep(0.1 if kill == 0 else 2.5)
            before = bench.beatd.registrations()
            bench.restart_and_compare()
            after = bench.beatd.registrations()
            for key, item in before.items():
                if item["status"]["maintenance"] != after[key]["status"]["maintenance"]:
                    raise Failure(f"{item['status']['maintenance']} became {after[key]['status']['maintenance']}")
        wait_for("all beat", 10 + bench.options.slack, lambda: all(
            item["status"]["state"] == ("maintenance" if key in held else "beating")
            for key, item in bench.beatd.registrations().items()))
        time.sleep(6)
        return f"{kills} kills, 20 held out and 20 beating, longest gap {bench.check_gap():.2f} s"
    finally:
        health.stop()

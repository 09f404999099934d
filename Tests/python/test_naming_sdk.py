"""nacos-sdk-python, a client that nobody here wrote, against `beatd naming` and beside `beatd serve`.

    scripts/sdk-test.sh
"""

import contextlib
import json
import os
import tempfile
import unittest
import urllib.request

import nacos

from beatd_process import Beatd, until

BINARY = os.environ["BEATD_BINARY"]
# Where the SDK writes its log, and keeps nothing else: only its configuration side has snapshots.
LOGS = tempfile.TemporaryDirectory(prefix="beatd-sdk-")

# Unhealthy 3 s after the last beat, gone after 4 s, at the server's next check, which runs every 5 s.
TIMES = {
    "preserved.heart.beat.interval": "1000",
    "preserved.heart.beat.timeout": "3000",
    "preserved.ip.delete.timeout": "4000",
}


def sdk(address):
    """The SDK's client of a server."""
    return nacos.NacosClient(address, logDir=LOGS.name)


def hosts(client, service, **more):
    """What the SDK lists: hosts by ip and port."""
    found = client.list_naming_instance(service, **more)["hosts"]
    return {(host["ip"], host["port"]): host for host in found}


def request(method, url, document=None):
    """One request to beatd's API; its JSON, None for an empty answer."""
    body = None if document is None else json.dumps(document).encode()
    asked = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class NamingServer(unittest.TestCase):
    """Each call of the SDK that is about instances, on each kind of server that serves v1."""

    def test_every_call(self):
        # 3.x answers 410 to the changes and queries of single instances through v1.
        for profile in ("1.2", "1.4", "2.5", "rnacos"):
            with self.subTest(profile=profile), Beatd(BINARY, "naming", "--profile", profile) as naming:
                self.every_call(sdk(naming.address), profile)

    def every_call(self, client, profile):
        place = ("10.1.2.3", 8080)
        metadata = {"zone": "a b+c&d=%41", "name": "größe \U0001f600"}
        self.assertTrue(
            client.add_naming_instance("orders", *place, cluster_name="DEFAULT", weight=2.5, metadata=metadata))

        listed = hosts(client, "orders")
        self.assertEqual(set(listed), {place})
        self.assertEqual(listed[place]["weight"], 2.5)
        self.assertEqual(listed[place]["metadata"], metadata)
        self.assertTrue(listed[place]["healthy"])
        self.assertTrue(listed[place]["ephemeral"])
        self.assertEqual(set(hosts(client, "orders", clusters="DEFAULT", healthy_only=True)), {place})

        beat = client.send_heartbeat("orders", *place, cluster_name="DEFAULT", weight=2.5, metadata=metadata)
        self.assertEqual(beat["code"], 10200)
        self.assertEqual(beat["clientBeatInterval"], 5000)
        self.assertIs(beat["lightBeatEnabled"], True)

        self.assertTrue(
            client.modify_naming_instance(
                "orders", *place, cluster_name="DEFAULT", weight=7, metadata={"zone": "b"}, enable=True))
        one = client.get_naming_instance("orders", *place, cluster_name="DEFAULT")
        self.assertEqual((one["ip"], one["port"], one["weight"]), (*place, 7.0))
        # 2.x keeps what a change does not name.
        self.assertEqual(one["metadata"]["zone"], "b")

        # Another one of the same service, in a group of its own, and a beat that makes one.
        self.assertTrue(client.add_naming_instance("orders", "10.1.2.4", 1, cluster_name="DEFAULT", group_name="g1"))
        self.assertEqual(set(hosts(client, "orders", group_name="g1")), {("10.1.2.4", 1)})
        self.assertEqual(client.send_heartbeat("beaten", "10.1.2.5", 2, cluster_name="DEFAULT")["code"], 10200)
        self.assertEqual(set(hosts(client, "beaten")), {("10.1.2.5", 2)})

        self.assertTrue(client.remove_naming_instance("orders", *place, cluster_name="DEFAULT"))
        self.assertEqual(hosts(client, "orders"), {})
        self.assertEqual(set(hosts(client, "orders", group_name="g1")), {("10.1.2.4", 1)})
        if profile != "rnacos":
            with self.assertRaisesRegex(nacos.NacosException, "code is 400"):
                client.add_naming_instance("orders", "", 8080, cluster_name="DEFAULT")


class Beating(unittest.TestCase):
    """What `beatd serve` beats is healthy in the SDK's list and by its query; what nobody beats is gone meanwhile."""

    PLACE = ("10.0.0.7", 8080)

    def test_beaten_and_not_beaten(self):
        # Both kinds of server at once: the wait is for their checks.
        with contextlib.ExitStack() as stack:
            scenes = []
            for profile in ("1.4", "2.5"):
                naming = stack.enter_context(Beatd(BINARY, "naming", "--profile", profile))
                beatd = stack.enter_context(
                    Beatd(BINARY, "serve", "--data-dir", "memory", "--socket", "", "--nacos-servers", naming.address))
                scenes.append((sdk(naming.address), f"http://{beatd.address}"))
            self.beaten_and_not_beaten(scenes)

    def beaten_and_not_beaten(self, scenes):
        kept = []
        for client, api in scenes:
            document = {"serviceName": "kept", "ip": self.PLACE[0], "port": self.PLACE[1], "metadata": TIMES}
            kept.append(request("POST", f"{api}/v1/beats?wait=10s", document))
            # The same in every way, but for the beats.
            self.assertTrue(
                client.add_naming_instance("alone", *self.PLACE, cluster_name="DEFAULT", metadata=TIMES))
            self.assertEqual(set(hosts(client, "alone")), {self.PLACE})

        def alone_is_gone():
            for client, _ in scenes:
                found = hosts(client, "kept", healthy_only=True)
                self.assertEqual(set(found), {self.PLACE})
                self.assertTrue(found[self.PLACE]["healthy"])
                # 1.4 lists a service without one healthy host as if all were; it tells the truth about one.
                one = client.get_naming_instance("kept", *self.PLACE, cluster_name="DEFAULT")
                self.assertTrue(one["healthy"])
            return all(hosts(client, "alone") == {} for client, _ in scenes)

        until("the instances that nobody beats are gone", alone_is_gone)
        for (client, api), registration in zip(scenes, kept):
            now = request("GET", f"{api}/v1/beats/{registration['id']}")["status"]
            self.assertEqual((now["state"], now["consecutiveFailures"]), ("beating", 0))
            request("DELETE", f"{api}/v1/beats/{registration['id']}?wait=10s")
            self.assertEqual(hosts(client, "kept"), {})


def tearDownModule():
    LOGS.cleanup()


if __name__ == "__main__":
    unittest.main()

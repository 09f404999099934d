#!/usr/bin/env python3
"""As much of beatd as bench.py talks to, so that the bench can be tried without it. Not a measure of anything."""

import asyncio
import json
import signal
import sys

PERIOD = 5.0


class Fake:
    def __init__(self, server):
        host, _, port = server.rpartition(":")
        if host != "127.0.0.1":
            sys.exit("fake_beatd: loopback only")
        self.port, self.late, self.due = int(port), [], asyncio.Queue()
        self.tasks = set()

    async def beat(self, document):
        """Puts the registration into the queue at its fixed times."""
        loop = asyncio.get_running_loop()
        target = (f"/nacos/v1/ns/instance/beat?serviceName=DEFAULT_GROUP%40%40{document['serviceName']}"
                  f"&ip={document['ip']}&port={document['port']}")
        due = loop.time()
        while True:
            await self.due.put((due, target))
            due += PERIOD
            await asyncio.sleep(due - loop.time())

    async def send(self):
        """One connection, one beat at a time; opened anew when the server has closed it."""
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            stays = True
            while stays:
                due, target = await self.due.get()
                self.late.append(asyncio.get_running_loop().time() - due)
                writer.write(f"PUT {target} HTTP/1.1\r\nHost: n\r\nContent-Length: 0\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readuntil(b"\r\n0\r\n\r\n")
                stays = b"Connection: close" not in head
            writer.close()

    def answer(self, method, path, body):
        if method == "POST" and path == "/v1/beats":
            task = asyncio.create_task(self.beat(json.loads(body)))
            self.tasks.add(task)
            return 201, {"result": "created"}
        if path == "/readyz":
            return 200, "ok"
        if path == "/v1/metrics":
            late = sorted(self.late)
            minute = {"p50": late[len(late) // 2], "p99": late[len(late) * 99 // 100], "max": late[-1]}
            return 200, {"latenessSeconds": {"1m": minute}}
        return 404, {}

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length:")[1].split("\r\n")[0])
                body = await reader.readexactly(length)
                method, path, _ = head.split("\r\n")[0].split(" ")
                status, document = self.answer(method, path, body)
                text = json.dumps(document).encode()
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
        except asyncio.IncompleteReadError:
            writer.close()


async def main():
    options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    fake = Fake(options["--nacos-servers"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sender = asyncio.create_task(fake.send())
    await asyncio.start_unix_server(fake.serve, options["--socket"])
    await asyncio.start_server(fake.serve, "127.0.0.1", int(options["--listen"].rpartition(":")[2]))
    await stop.wait()
    sender.cancel()


asyncio.run(main())

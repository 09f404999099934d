"""A naming server that remembers when it heard of whom: the judge of gaps, ghosts and deletions.

It answers Nacos' v1 calls (register, beat, deregister) as a 2.x server does and keeps, for each instance, the longest
time between two signs of life. Loopback only, one thread for each connection.
"""

import json
import socketserver
import threading
import time
import urllib.parse


class Naming:
    def __init__(self, port=0):
        self.lock = threading.Lock()
        self.instances = {}
        self.heard = {}
        self.gaps = {}
        self.registers = {}
        self.deletes = {}
        self.beats = 0
        self.hangs_on_beats = False
        # What beats are answered with, in milliseconds.
        self.interval = 5000
        self.connections = set()
        naming = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with naming.lock:
                    naming.connections.add(self.connection)
                try:
                    naming._serve(self.rfile, self.wfile)
                except OSError:
                    pass
                finally:
                    with naming.lock:
                        naming.connections.discard(self.connection)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """Ends the listener and every connection, as a server that dies."""
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            try:
                connection.shutdown(2)
            except OSError:
                pass

    def _serve(self, reader, writer):
        while True:
            line = reader.readline(16384)
            if not line:
                return
            method, target, _ = line.decode("latin-1").split(" ", 2)
            length = 0
            while True:
                field = reader.readline(16384)
                if field in (b"\r\n", b""):
                    break
                if field[:15].lower() == b"content-length:":
                    length = int(field[15:])
            body = reader.read(length) if length else b""
            parts = urllib.parse.urlsplit(target)
            query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
            if body:
                query.update(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            if self.hangs_on_beats and parts.path.endswith("/beat"):
                # Whatever else comes on this connection is taken and not answered either.
                while reader.read1(65536):
                    pass
                return
            answer = self._answer(method, parts.path, query).encode()
            writer.write(b"HTTP/1.1 200 \r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
                         + answer)

    def _answer(self, method, path, query):
        key = (query.get("serviceName", "").split("@@")[-1], query.get("ip", ""), query.get("port", ""))
        now = time.monotonic()
        with self.lock:
            if path.endswith("/instance/beat") and method == "PUT":
                if key not in self.instances:
                    if not query.get("beat"):
                        return '{"clientBeatInterval":%d,"code":20404,"lightBeatEnabled":true}' % self.interval
                    self.instances[key] = {}
                self.beats += 1
                self._alive(key, now)
                return '{"clientBeatInterval":%d,"code":10200,"lightBeatEnabled":true}' % self.interval
            if path.endswith("/instance") and method == "POST":
                self.instances[key] = {"weight": query.get("weight"), "metadata": query.get("metadata", "")}
                self.registers[key] = self.registers.get(key, 0) + 1
                self._alive(key, now)
                return "ok"
            if path.endswith("/instance") and method == "DELETE":
                self.instances.pop(key, None)
                self.heard.pop(key, None)
                self.deletes[key] = self.deletes.get(key, 0) + 1
                return "ok"
        return json.dumps({"status": "UP", "version": "2.5.1"})

    def _alive(self, key, now):
        before = self.heard.get(key)
        if before is not None:
            self.gaps[key] = max(self.gaps.get(key, 0), now - before)
        self.heard[key] = now

    def longest_gap(self):
        """The longest gap of any instance, the one that is open now included."""
        now = time.monotonic()
        with self.lock:
            open_gaps = [now - at for at in self.heard.values()]
            return max(list(self.gaps.values()) + open_gaps, default=0)

    def count(self):
        with self.lock:
            return len(self.instances)

    def forget_gaps(self):
        with self.lock:
            self.gaps.clear()
            self.heard.clear()

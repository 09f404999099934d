"""What checks ask: a server whose paths answer as they are told, or not at all. Loopback only."""

import http.server
import threading
import time


class Health:
    def __init__(self):
        self.status = {}
        # When a path first answered 200 after its status was set.
        self.passed = {}
        self.ended = threading.Event()
        health = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status = health.status.get(self.path, 404)
                if status is None:
                    health.ended.wait(30)
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if status == 200:
                    health.passed.setdefault(self.path, time.monotonic())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def set(self, path, status):
        self.passed.pop(path, None)
        self.status[path] = status

    def stop(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

"""A receiver of webhooks: does what the path says, and writes down what it was sent.

Signatures are verified by the library that a real receiver would use.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook

log, key = sys.argv[1], os.environ["RECEIVER_KEY"]
lock = threading.Lock()
tries = {}


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            Webhook(key).verify(body, headers)
            verified = True
        except Exception as why:
            verified = repr(why)
        path = self.path.split("?")[0].strip("/")
        with lock:
            tries[path] = tries.get(path, 0) + 1
            nth = tries[path]
            with open(log, "a") as out:
                heard = {"path": path, "headers": headers, "body": body.decode(), "verified": verified}
                out.write(json.dumps(heard) + "\n")
        getattr(self, path.split("/")[0].replace("-", "_"))(nth)

    def say(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def ok(self, _):
        self.say(204)

    def gone(self, _):
        self.say(410)

    def busy(self, _):
        self.say(500)

    def busy_once(self, nth):
        self.say(500 if nth == 1 else 200)

    def redirect(self, _):
        self.say(307, location="/ok/followed")

    def hang(self, _):
        time.sleep(3600)

    def close(self, _):
        self.close_connection = True
        self.connection.close()

    def huge(self, _):
        self.send_response(200)
        self.send_header("content-length", str(1 << 40))
        self.end_headers()
        self.pour(b"x" * 65536)

    def endless_headers(self, _):
        self.send_response_only(200)
        self.flush_headers()
        self.pour(b"x: " + b"y" * 65536 + b"\r\n")

    def pour(self, piece):
        try:
            while True:
                self.wfile.write(piece)
        except OSError:
            pass
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
# Until the test has ended.
sys.stdin.read()

"""Exchange rates over HTTP, as a market data vendor serves them: with an entity tag and a time of last change.

    python3 rates.py FOLDER        prints the port it listens on, on this machine alone

FOLDER holds one file a pair, `EURUSD.json`: {"rate": "1.0842", "at": 1764100000}. `at` is when the market said so.
"""

import hashlib
import json
import sys
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])


class Rates(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        file = folder / f"{self.path.removeprefix('/rates/')}.json"
        if not self.path.startswith("/rates/") or "/" in file.stem or not file.exists():
            self.send_error(404)
            return
        quote = json.loads(file.read_text())
        body = json.dumps({"pair": file.stem, "rate": quote["rate"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"' + hashlib.sha256(file.read_bytes()).hexdigest()[:16] + '"')
        self.send_header("Last-Modified", formatdate(quote["at"], usegmt=True))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Rates)
print(server.server_port, flush=True)
server.serve_forever()

"""A receiver of webhooks: a real HTTP server that answers as told."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Request:
    body: bytes
    headers: Mapping[str, str]
    path: str
    at_s: float


@dataclass(slots=True)
class Reply:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    trickle: bool = False


class Receiver:
    """Answers each request with what `replies` makes of its number, from 0."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: Callable[[int, Request], Reply] = lambda _n, _request: Reply()
        self.stopped = threading.Event()
        self.url = ""

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Request]:
        until(lambda: len(self.requests) >= count, seconds)
        return self.requests


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(body, dict(self.headers), self.path, time.monotonic())
            number = len(made.requests)
            made.requests.append(request)
            reply = made.replies(number, request)
            if reply.trickle:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not made.stopped.wait(0.02):
                    try:
                        self.wfile.write(b"X-More: 1\r\n")
                    except OSError:
                        return
                return
            made.stopped.wait(reply.wait_s)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/hook/token-of-the-receiver"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.stopped.set()
            server.shutdown()
            thread.join()

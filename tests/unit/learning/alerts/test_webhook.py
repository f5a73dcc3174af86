import json
import shutil
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from google.protobuf import json_format
from pydantic import SecretStr
from receivers import Receiver, Reply, receiver, until
from structlog.testing import capture_logs

from contento.contracts.messages import DriftAlert
from contento.contracts.topics import TOPICS
from contento.learning.alerts.attempts import RetryPolicy
from contento.learning.alerts.signature import WebhookError, verify
from contento.learning.alerts.webhook import Done, Webhook

SECRET = SecretStr("0123456789abcdef")
FAST = RetryPolicy(first_s=0.01, longest_s=0.05, give_up_after_s=60.0)
NOW_S = 1_700_000_000.0
Start = Callable[..., Webhook]


def alert(name: str = "a1") -> DriftAlert:
    made = cast("DriftAlert", TOPICS["alerts"].example())
    made.alert_id = name
    return made


@pytest.fixture
def outcomes() -> Counter[str]:
    return Counter()


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def start(hook: Receiver, outcomes: Counter[str]) -> Iterator[Start]:
    started: list[Webhook] = []

    def make(**options: Any) -> Webhook:
        settings: dict[str, Any] = {
            "url": SecretStr(hook.url),
            "secret": SECRET,
            "clock_s": lambda: NOW_S,
            "draw": lambda: 0.5,
            "count": lambda outcome: outcomes.update([outcome]),
            "policy": FAST,
        }
        settings |= options
        started.append(Webhook(settings.pop("url"), **settings))
        return started[-1]

    yield make
    for each in started:
        each.close(0.0)


def wait_done(webhook: Webhook, count: int) -> list[Done]:
    found: list[Done] = []

    def enough() -> bool:
        found.extend(webhook.done())
        return len(found) >= count

    until(enough)
    return found


def test_an_alert_arrives_signed_and_whole(start: Start, hook: Receiver, outcomes: Counter[str]) -> None:
    webhook = start()
    webhook.offer(7, alert())
    assert wait_done(webhook, 1) == [Done(sequence=7, ending="delivered")]
    (request,) = hook.requests
    verify(request.body, request.headers["Contento-Signature"], SECRET, now_s=NOW_S)
    assert json_format.Parse(request.body, DriftAlert()) == alert()
    assert json.loads(request.body)["alert_id"] == "a1"
    assert request.headers["Idempotency-Key"] == "a1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.path == "/hook/token-of-the-receiver"
    assert outcomes == {"delivered": 1}
    assert webhook.done() == []


@pytest.mark.parametrize("status", [500, 503, 408])
def test_a_failing_receiver_is_tried_again(start: Start, hook: Receiver, outcomes: Counter[str], status: int) -> None:
    hook.replies = lambda n, _: Reply(status) if n < 3 else Reply(204)
    webhook = start()
    webhook.offer(1, alert())
    assert wait_done(webhook, 1) == [Done(sequence=1, ending="delivered")]
    assert len({request.headers["Idempotency-Key"] for request in hook.requests}) == 1
    assert outcomes == {"retried": 3, "delivered": 1}


def test_a_429_is_obeyed(start: Start, hook: Receiver) -> None:
    hook.replies = lambda n, _: Reply(429, {"Retry-After": "1"}) if n == 0 else Reply()
    webhook = start()
    webhook.offer(1, alert())
    first, second = hook.wait_for(2)
    assert second.at_s - first.at_s >= 1.0


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_final(start: Start, hook: Receiver, outcomes: Counter[str], status: int) -> None:
    hook.replies = lambda n, _: Reply(status if n == 0 else 200)
    webhook = start()
    with capture_logs() as logs:
        webhook.offer(1, alert("refused"))
        webhook.offer(2, alert("next"))
        assert wait_done(webhook, 2) == [Done(sequence=1, ending="refused"), Done(sequence=2, ending="delivered")]
    assert outcomes == {"refused": 1, "delivered": 1}
    (said,) = [line for line in logs if line["event"] == "alert_given_up"]
    assert said["answer"] == f"HTTP {status}"
    assert said["advice"]
    assert "token-of-the-receiver" not in str(logs)


def test_a_redirect_is_not_followed(start: Start, hook: Receiver) -> None:
    with receiver() as other:
        hook.replies = lambda _n, _: Reply(307, {"Location": other.url})
        webhook = start()
        webhook.offer(1, alert())
        assert wait_done(webhook, 1) == [Done(sequence=1, ending="refused")]
        assert other.requests == []


@pytest.mark.parametrize("reply", [Reply(wait_s=30), Reply(trickle=True)], ids=["silent", "trickling"])
def test_a_hanging_receiver_holds_nobody_up(start: Start, hook: Receiver, outcomes: Counter[str], reply: Reply) -> None:
    hook.replies = lambda n, _: reply if n == 0 else Reply()
    webhook = start(total_s=0.2)
    began = time.monotonic()
    webhook.offer(1, alert())
    hook.wait_for(1)
    for number in range(2, 50):
        webhook.offer(number, alert(f"a{number}"))
    assert time.monotonic() - began < 0.2
    assert {done.sequence for done in wait_done(webhook, 49)} == set(range(1, 50))
    assert outcomes == {"retried": 1, "delivered": 49}


def test_one_alert_that_fails_does_not_hold_up_the_others(start: Start, hook: Receiver) -> None:
    hook.replies = lambda _n, request: Reply(500 if b'"poison"' in request.body else 200)
    webhook = start(policy=RetryPolicy(first_s=5.0))
    webhook.offer(1, alert("poison"))
    webhook.offer(2, alert("sound"))
    assert wait_done(webhook, 1) == [Done(sequence=2, ending="delivered")]


def test_it_gives_up_in_the_end(start: Start, hook: Receiver, outcomes: Counter[str]) -> None:
    hook.replies = lambda _n, _: Reply(503)
    webhook = start(policy=RetryPolicy(first_s=0.01, longest_s=0.02, give_up_after_s=0.2))
    webhook.offer(1, alert())
    assert wait_done(webhook, 1) == [Done(sequence=1, ending="expired")]
    assert outcomes["expired"] == 1
    assert outcomes["retried"] >= 3


def test_a_full_queue_drops_the_oldest_and_says_so(start: Start, hook: Receiver, outcomes: Counter[str]) -> None:
    hook.replies = lambda n, _: Reply(wait_s=30) if n == 0 else Reply()
    webhook = start(queue=3)
    webhook.offer(1, alert("in flight"))
    hook.wait_for(1)
    with capture_logs() as logs:
        for number in range(2, 6):
            webhook.offer(number, alert(f"a{number}"))
    assert webhook.done() == [Done(sequence=2, ending="dropped"), Done(sequence=3, ending="dropped")]
    assert outcomes["dropped"] == 2
    assert [line["event"] for line in logs] == ["alert_dropped"] * 2
    hook.stopped.set()
    assert {done.sequence for done in wait_done(webhook, 3)} == {1, 4, 5}


def test_a_sequence_number_is_taken_once(start: Start, hook: Receiver) -> None:
    hook.replies = lambda n, _: Reply(wait_s=0.2) if n == 0 else Reply()
    webhook = start()
    for _ in range(3):
        webhook.offer(1, alert())
    webhook.offer(2, alert())
    assert len(wait_done(webhook, 2)) == 2
    assert len(hook.requests) == 2


def test_closing_delivers_what_it_can(start: Start, hook: Receiver) -> None:
    hook.replies = lambda _n, _: Reply(wait_s=0.05)
    webhook = start()
    for number in range(5):
        webhook.offer(number, alert(f"a{number}"))
    assert webhook.close(5.0) == 0
    assert [done.sequence for done in webhook.done()] == list(range(5))
    webhook.offer(9, alert())  # after the end: stays in the caller's outbox
    assert webhook.done() == []


def test_closing_waits_its_deadline_and_no_longer(start: Start, hook: Receiver) -> None:
    hook.replies = lambda _n, _: Reply(wait_s=30)
    webhook = start()
    webhook.offer(1, alert())
    webhook.offer(2, alert())
    hook.wait_for(1)
    began = time.monotonic()
    assert webhook.close(0.3) == 2
    assert 0.25 < time.monotonic() - began < 1.0
    assert webhook.done() == []
    assert not webhook._thread.is_alive()


def test_closing_does_not_wait_for_what_is_tried_later(start: Start, hook: Receiver) -> None:
    hook.replies = lambda _n, _: Reply(503)
    webhook = start(policy=RetryPolicy(first_s=60.0))
    webhook.offer(1, alert())
    hook.wait_for(1)
    began = time.monotonic()
    assert webhook.close(10.0) == 1
    assert time.monotonic() - began < 2.0


def test_nobody_listens(start: Start, outcomes: Counter[str]) -> None:
    webhook = start(url=SecretStr("http://127.0.0.1:9/x"))
    with capture_logs() as logs:
        webhook.offer(1, alert())
        until(lambda: outcomes["retried"] >= 2)
    assert "ConnectError" in logs[0]["answer"]
    assert logs[0]["advice"] == "see that the receiver is up and reachable from here"


def test_what_nobody_foresaw_does_not_end_it(start: Start, hook: Receiver) -> None:
    broken = iter([True])

    def count(_: str) -> None:
        if next(broken, False):
            raise ZeroDivisionError

    webhook = start(count=count)
    with capture_logs() as logs:
        webhook.offer(1, alert())
        webhook.offer(2, alert())
        until(lambda: len(hook.requests) >= 2)
        assert {done.sequence for done in wait_done(webhook, 2)} == {1, 2}
    assert any(line["event"] == "webhook_broke" for line in logs)


@pytest.mark.parametrize("url", ["", "alerts.example.com", "ftp://example.com/x", "https://", "http://[::1"])
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(WebhookError, match="set CONTENTO_WEBHOOK to"):
        Webhook(SecretStr(url), secret=SECRET, clock_s=lambda: NOW_S, draw=lambda: 0.0)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(WebhookError, match="CONTENTO_WEBHOOK_SECRET"):
        Webhook(SecretStr("https://example.com"), secret=SecretStr(""), clock_s=lambda: NOW_S, draw=lambda: 0.0)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl")
    file = tmp_path / "own.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(file), "-out",
         str(tmp_path / "certificate.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + (tmp_path / "certificate.pem").read_text())
    return file


def test_certificates_are_checked(start: Start, certificate: Path, outcomes: Counter[str]) -> None:
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = SecretStr(f"https://localhost:{server.server_port}/")
            with capture_logs() as logs:
                start(url=url).offer(1, alert())
                until(lambda: outcomes["retried"] >= 1)
            assert "certificate is not trusted" in logs[0]["advice"]
            assert bodies == []
            trusting = start(url=url, tls=ssl.create_default_context(cafile=str(certificate)))
            trusting.offer(1, alert())
            assert wait_done(trusting, 1) == [Done(sequence=1, ending="delivered")]
            assert len(bodies) == 1
        finally:
            server.shutdown()
            thread.join()

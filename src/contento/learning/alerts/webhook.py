"""Alerts by HTTP: signed, retried, never in the learner's way."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import httpx
import structlog
from pydantic import SecretStr

from contento.contracts.messages import DriftAlert
from contento.learning.alerts.attempts import Answer, RetryPolicy
from contento.learning.alerts.reading import to_json
from contento.learning.alerts.signature import SIGNATURE_HEADER, WebhookError, check_secret, sign

log = structlog.get_logger(__name__)

QUEUE: Final = 256
"""Alerts that wait. An alert has at most some 10 kB, so 3 MB; more than a learner raises in days."""
CONNECT_S: Final = 5.0
"""A lost SYN is sent again after 1 s and 3 s: two losses are survived."""
TOTAL_S: Final = 10.0
"""From connecting to the answer's headers. Receivers only queue what they get; most close after 10 s themselves."""

Ending = Literal["delivered", "refused", "expired", "dropped"]
"""What becomes of an alert. Refused: the receiver will never take it. Expired: tried for hours. Dropped: queue full."""
WebhookOutcome = Literal["delivered", "refused", "expired", "dropped", "retried"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An alert that the webhook has nothing left to do for.

    Attributes:
        sequence: Its number in the outbox.
        ending: What became of it.
    """

    sequence: int
    ending: Ending


@dataclass(slots=True, kw_only=True)
class _Waiting:
    alert_id: str
    body: bytes
    offered_s: float
    due_s: float
    attempts: int = 0
    in_flight: bool = False


class Webhook:
    """Delivers alerts to one address from a thread of its own, at least once.

    `offer` and `done` never wait and may be called from any thread. An alert that is neither delivered nor given
    up when the webhook closes stays in the caller's outbox: whoever comes next offers it again. The header
    `Idempotency-Key` is the alert's id, so a receiver can tell a repeat.
    """

    def __init__(
        self,
        url: SecretStr,
        *,
        secret: SecretStr,
        clock_s: Callable[[], float],
        draw: Callable[[], float],
        count: Callable[[WebhookOutcome], None] = lambda _: None,
        policy: RetryPolicy | None = None,
        queue: int = QUEUE,
        total_s: float = TOTAL_S,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        """Check the settings and start the thread; nothing is sent yet.

        Args:
            url: Where to; the whole of it is taken for a secret, since many receivers' tokens are in the path.
            secret: Shared with the receiver, for the signature.
            clock_s: The present, unix seconds, for the signature.
            draw: Gives the next uniform number in [0, 1), for the jitter.
            count: Told each outcome, from the webhook's thread or the caller's of `offer`.
            policy: How often to try, and for how long.
            queue: Most alerts that wait.
            total_s: Seconds that one attempt may take.
            tls: Which certificates are trusted; `None`: those of the public authorities.
            proxy: URL of a proxy on the way; the environment's are not used.

        Raises:
            WebhookError: The URL or the secret will not do.
        """
        check_secret(secret)
        self._url, self._host = _checked(url)
        self._secret, self._clock_s, self._draw, self._count = secret, clock_s, draw, count
        self._policy, self._queue, self._total_s = policy or RetryPolicy(), queue, total_s
        self._tls, self._proxy = tls, proxy
        self._lock = threading.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._done: list[Done] = []
        self._stop_at_s: float | None = None
        self._wake = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._keep_delivering())
        self._thread = threading.Thread(target=self._run, name="contento-webhook", daemon=True)
        self._thread.start()

    def offer(self, sequence: int, alert: DriftAlert) -> None:
        """Take an alert for delivery; when the queue is full the oldest that waits is dropped.

        Args:
            sequence: Its number in the outbox; one that waits already is not taken twice.
            alert: The alert.
        """
        now_s = self._loop.time()
        waiting = _Waiting(alert_id=alert.alert_id, body=to_json(alert).encode(), offered_s=now_s, due_s=now_s)
        dropped: int | None = None
        with self._lock:
            if self._stop_at_s is not None or sequence in self._waiting:
                return
            if len(self._waiting) >= self._queue:
                dropped = min((n for n, each in self._waiting.items() if not each.in_flight), default=None)
                if dropped is None:  # a queue of one, whose alert is on its way
                    dropped = sequence
                else:
                    del self._waiting[dropped]
                self._done.append(Done(sequence=dropped, ending="dropped"))
            if dropped != sequence:
                self._waiting[sequence] = waiting
        if dropped is not None:
            self._count("dropped")
            log.error(
                "alert_dropped", host=self._host, sequence=dropped, waiting=self._queue,
                advice="the receiver takes nothing: see that it is up, and that CONTENTO_WEBHOOK is its address",
            )  # fmt: skip
        self._notify()

    def done(self) -> list[Done]:
        """Return the alerts that have been delivered or given up since the last call."""
        with self._lock:
            done, self._done = self._done, []
        return done

    def close(self, deadline_s: float) -> int:
        """Deliver what can be delivered within the deadline, stop, and return how many alerts are left.

        Args:
            deadline_s: Seconds. An attempt takes 10 at most, so 12 let the one on its way end.
        """
        with self._lock:
            if self._stop_at_s is None:
                self._stop_at_s = self._loop.time() + deadline_s
        self._notify()
        self._thread.join(deadline_s)
        if self._thread.is_alive():  # an attempt that began before the deadline was known
            self._notify(stop=True)
            self._thread.join(1.0)
        with self._lock:
            return len(self._waiting)

    def _notify(self, *, stop: bool = False) -> None:
        try:
            self._loop.call_soon_threadsafe(self._task.cancel if stop else self._wake.set)
        except RuntimeError:  # the loop has ended: nothing is left to wake
            return

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            return
        finally:
            self._loop.close()

    async def _keep_delivering(self) -> None:
        """Deliver until closed; what nobody foresaw costs the alerts a second, not the thread its life."""
        while True:
            try:
                return await self._deliver_all()
            except Exception:
                log.exception("webhook_broke", host=self._host, advice="report this: it goes on in a second")
                await asyncio.sleep(1.0)

    async def _deliver_all(self) -> None:
        # Redirects are not followed: the alerts' texts are for the address that was set, and for no other.
        async with httpx.AsyncClient(
            verify=self._tls or True,
            proxy=self._proxy,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._total_s, connect=min(CONNECT_S, self._total_s)),
            headers={"User-Agent": "contento", "Content-Type": "application/json"},
        ) as client:
            while True:
                self._wake.clear()
                with self._lock:
                    stop_at_s = self._stop_at_s
                    sequence = min(self._waiting, key=lambda n: (self._waiting[n].due_s, n), default=None)
                    each = None if sequence is None else self._waiting[sequence]
                    now_s = self._loop.time()
                    next_s = each.due_s if each else float("inf")
                    if stop_at_s is not None and (next_s > stop_at_s or now_s >= stop_at_s):
                        return
                    if each and next_s <= now_s:
                        each.in_flight = True
                if each is None or sequence is None or next_s > now_s:
                    await self._sleep(next_s - now_s)
                    continue
                answer = await self._attempt(client, each, stop_at_s)
                self._settle(sequence, each, answer)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds if seconds != float("inf") else None):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _attempt(self, client: httpx.AsyncClient, each: _Waiting, stop_at_s: float | None) -> Answer:
        headers = {
            SIGNATURE_HEADER: sign(each.body, self._secret, at_s=int(self._clock_s())),
            "Idempotency-Key": each.alert_id.encode("ascii", "backslashreplace").decode(),
        }
        limit_s = self._total_s if stop_at_s is None else min(self._total_s, max(0.0, stop_at_s - self._loop.time()))
        try:
            # httpx's own limits are for each read; this one also ends an answer that comes a byte at a time.
            async with (
                asyncio.timeout(limit_s),
                client.stream("POST", self._url, content=each.body, headers=headers) as response,
            ):
                return Answer(status=response.status_code, retry_after=response.headers.get("retry-after", ""))
        except TimeoutError:
            return Answer(problem=f"no answer within {limit_s:.3g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Answer(problem=f"{type(error).__name__}: {error}".replace(self._url, self._host))

    def _settle(self, sequence: int, each: _Waiting, answer: Answer) -> None:
        now_s = self._loop.time()
        each.attempts += 1
        ending: Ending | None = None
        if answer.taken:
            ending = "delivered"
        elif answer.final:
            ending = "refused"
        else:
            pause_s = self._policy.pause_s(each.attempts, answer, draw=self._draw, now_s=self._clock_s())
            if now_s + pause_s - each.offered_s > self._policy.give_up_after_s:
                ending = "expired"
        with self._lock:
            each.in_flight = False
            if ending is None:
                each.due_s = now_s + pause_s
            else:
                self._waiting.pop(sequence, None)
                self._done.append(Done(sequence=sequence, ending=ending))
        self._count(ending or "retried")
        told = {"host": self._host, "alert_id": each.alert_id, "attempts": each.attempts, "answer": answer.words}
        if ending is None:
            log.warning("alert_delivery_failed", **told, again_in_s=round(pause_s, 1), advice=answer.advice)
        elif ending != "delivered":
            log.error("alert_given_up", ending=ending, **told, advice=answer.advice)
        else:
            log.info("alert_delivered", **told)


def _checked(url: SecretStr) -> tuple[str, str]:
    """Return the URL, and what of it may be shown."""
    advice = "set CONTENTO_WEBHOOK to an address like https://alerts.example.com/contento"
    try:
        parsed = httpx.URL(url.get_secret_value())
    except httpx.InvalidURL as error:
        raise WebhookError(f"the webhook's URL is none: {advice}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise WebhookError(f"the webhook's URL does not begin with https:// and a host: {advice}")
    return str(parsed), parsed.host

"""Running the demo: feed, watch, and add up."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import psutil

from contento.contracts.errors import ContentoError
from contento.contracts.messages import UserEvent
from contento.contracts.redis_keys import RedisKeys
from contento.eventlog.feed import Feeder
from contento.local.demo.observer import Observer
from contento.local.demo.scrape import Scraper
from contento.local.stack import Stack
from contento.state.base import LiveGroup, LiveUser
from contento.state.reading import LiveReader
from contento.training.records import Source, limited

IN_FLIGHT: Final = 1024
"""Events fed ahead of their scores: four batches keep the scorer busy, more would only wait in line."""
NO_PROGRESS_S: Final = 60.0
"""Nothing at all for this long is a failure: a restarted worker takes its partitions back within 10 s."""
POLL_S: Final = 0.5
AT_RISK_SHOWN: Final = 8
LATENCY: Final = "contento_scorer_latency_seconds"
FEEDBACK: Final = "contento_learner_feedback_total"
QUALITY: Final = "contento_learner_quality"
LAG: Final = "contento_learner_lag_events"
LEARNER_SHOWS_S: Final = 1.0
"""Between two looks of the learner at how much it has left to read."""


class DemoStalled(ContentoError):
    """Events went in and nothing came out."""


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """What the demo shows at a moment; `summary` is what it ends with.

    Attributes:
        events: Events fed.
        items: Items fed.
        feedback: Feedback fed.
        scored: Events that have a score.
        dead_lettered: Records in the dead-letter topic.
        duplicates: Scores whose event had one before.
        repeated_events: Events that the scorer dropped because their id had come before.
        p50_ms: Median time from an event's arrival in Kafka to its score in Redis.
        p99_ms: The time that 99 % of events stay below.
        events_per_s: Scored events per second between the first event and the last score.
        cpu_us_per_event: CPU time of scorer and Triton per scored event.
        bundle: Hash of the bundle of the last score.
        inference: Where the model ran.
        first_score_s: Seconds from the start of the demo to the first score.
        seconds: Seconds from the first event to the last score.
        restarts: Restarts of the scorer.
        dead_letters: Dead letters by error code.
        segments: Live scores by segment, the largest first.
        at_risk: Users most at risk and their risk, the highest first.
        at_risk_users: Live scores of those.
        at_risk_count: Users at risk in all.
        rates: Scores per second between two looks, oldest first.
        joined: Feedback that has found its score.
        mae: Mean absolute error of the served ratings, over the last labels, in stars.
        inside: Share of the last ratings inside their interval.
        joined_per_s: Feedback joined per second between the first event and the last feedback.
        mae_all: Mean absolute error of all ratings as they were served, in stars.
        mae_now: The same of what would have been served at the moment each rating came to the learner.
        inside_now: Share of all ratings inside the interval of that.
        alerts: Alerts that the learner has raised.
    """

    events: int = 0
    items: int = 0
    feedback: int = 0
    scored: int = 0
    dead_lettered: int = 0
    duplicates: int = 0
    repeated_events: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    events_per_s: float = 0.0
    cpu_us_per_event: float | None = None
    bundle: str = ""
    inference: str = ""
    first_score_s: float | None = None
    seconds: float = 0.0
    restarts: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    segments: dict[str, LiveGroup] = field(default_factory=dict)
    at_risk: list[tuple[str, float]] = field(default_factory=list)
    at_risk_users: dict[str, LiveUser] = field(default_factory=dict)
    at_risk_count: int = 0
    rates: list[float] = field(default_factory=list)
    joined: int = 0
    mae: float | None = None
    inside: float | None = None
    joined_per_s: float = 0.0
    mae_all: float | None = None
    mae_now: float | None = None
    inside_now: float | None = None
    alerts: int = 0

    def summary(self) -> dict[str, object]:
        """Return the figures as one flat object for JSON."""
        hidden = {"segments", "at_risk", "at_risk_count", "at_risk_users", "rates", "dead_letters"}
        figures = {k: v for k, v in asdict(self).items() if k not in hidden}
        rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}
        return {**rounded, "at_risk": self.at_risk_count, "dead_letters": self.dead_letters}


class Demo:
    """Feeds a data set through a running stack and watches what comes of it."""

    def __init__(self, stack: Stack, source: Source, *, limit: int | None, per_second: float | None) -> None:
        """Take the started stack with its scorer, the data, at most how many events of it, and how many a second."""
        self._stack, self._source = stack, source
        self._limit, self._per_second = limit, per_second
        self._began = time.monotonic()
        self._keys = RedisKeys()
        self._fed_from = self._last_progress = 0.0
        self._cpu_before = 0.0
        self._outcomes_before = -1
        self.snapshot = Snapshot(inference="triton" if stack.triton else "in-process")

    async def run(self, changed: Callable[[Snapshot], None], *, began: float) -> Snapshot:
        """Feed everything and return once every event has its outcome.

        Args:
            changed: Told of the snapshot about twice a second.
            began: When the demo was started, by `time.monotonic`.

        Raises:
            DemoStalled: Events wait and nothing comes out.
            ContentoError: A part failed, or the data cannot be read.
        """
        self._began = began
        kafka, prefix = self._stack.kafka, self._stack.options.topic_prefix
        scraper = Scraper(self._stack.parts["scorer"].address)
        learner = Scraper(self._stack.parts["learner"].address)
        reader = LiveReader(self._stack.redis, self._keys)
        observer = Observer(kafka, prefix, from_beginning=self._stack.options.kafka is None)
        await observer.start()
        watching = asyncio.create_task(self._watch(observer, scraper, learner, reader, changed))
        try:
            async with Feeder(kafka, prefix) as feeder:
                await self._feed(feeder, observer, reader)
            await self._drain(observer, scraper)
            await self._until_learned(learner)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await self._look(observer, scraper, learner, reader)
            await observer.close()
            await reader.close()
        changed(self.snapshot)
        return self.snapshot

    async def _feed(self, feeder: Feeder, observer: Observer, reader: LiveReader) -> None:
        await feeder.items(self._source.items())
        self.snapshot.items = feeder.fed.items
        self._last_progress = time.monotonic()
        await self._until_items_are_known(feeder.fed.item_ids, reader)
        self._cpu_before, self._fed_from = self._cpu_seconds(), time.monotonic()

        async def hold_back(_: UserEvent) -> None:
            shown = self.snapshot
            shown.events, shown.feedback = feeder.fed.events, feeder.fed.feedback
            if shown.events == 0:
                self._last_progress = time.monotonic()
            while shown.events - self._outcomes(observer) >= IN_FLIGHT:
                await feeder.flush()
                enough = shown.events - IN_FLIGHT // 2
                await observer.wait(partial(self._has_outcomes, observer, enough), 1.0)
                self._check_progress(observer)

        await feeder.records(limited(self._source, self._limit), per_second=self._per_second, before_event=hold_back)
        self.snapshot.events, self.snapshot.feedback = feeder.fed.events, feeder.fed.feedback

    async def _until_items_are_known(self, items: list[str], reader: LiveReader) -> None:
        """Wait until the scorer has stored the items' texts, so that the first events have them."""
        names = iter(items)
        while chunk := list(islice(names, 1000)):
            while await reader.items_known(chunk) < len(chunk):
                self._check_progress(None)
                await asyncio.sleep(POLL_S / 5)
            self._last_progress = time.monotonic()

    async def _drain(self, observer: Observer, scraper: Scraper) -> None:
        while True:
            await scraper.scrape()
            self._count_repeats(scraper)
            if await observer.wait(partial(self._has_outcomes, observer, self.snapshot.events), POLL_S):
                return
            self._check_progress(observer)

    def _outcomes(self, observer: Observer) -> int:
        return observer.finished + self.snapshot.repeated_events

    def _has_outcomes(self, observer: Observer, enough: int) -> bool:
        return self._outcomes(observer) >= enough

    def _check_progress(self, observer: Observer | None) -> None:
        now = time.monotonic()
        if observer is not None and self._outcomes(observer) != self._outcomes_before:
            self._outcomes_before = self._outcomes(observer)
            self._last_progress = now
        if now - self._last_progress > NO_PROGRESS_S:
            scorer = self._stack.parts["scorer"].service
            log = scorer.last_log_lines() if scorer else ""
            raise DemoStalled(
                f"{self.snapshot.events} events are in and nothing has come out for {NO_PROGRESS_S:.0f} s; "
                f"the scorer's last lines:\n{log}\nsee its log under {self._stack.options.directory} (contento doctor)"
            )

    async def _until_learned(self, learner: Scraper) -> None:
        """Wait until the learner has read everything; it says once a second how much is left."""
        await asyncio.sleep(2 * LEARNER_SHOWS_S)
        left, self._last_progress = math.inf, time.monotonic()
        while left:
            before = left
            left = sum(learner.gauges(LAG)) if await learner.scrape() else math.inf
            if left < before:
                self._last_progress = time.monotonic()
            if time.monotonic() - self._last_progress > NO_PROGRESS_S:
                service = self._stack.parts["learner"].service
                raise DemoStalled(
                    f"the learner has {left:.0f} records to read and does not get on; its last lines:\n"
                    f"{service.last_log_lines() if service else ''}\n"
                    f"see its log under {self._stack.options.directory} (contento doctor)"
                )
            if left:
                await asyncio.sleep(POLL_S)

    async def _watch(
        self,
        observer: Observer,
        scraper: Scraper,
        learner: Scraper,
        reader: LiveReader,
        changed: Callable[[Snapshot], None],
    ) -> None:
        while True:
            scored, at = self.snapshot.scored, time.monotonic()
            await asyncio.sleep(POLL_S)
            await self._look(observer, scraper, learner, reader)
            self.snapshot.rates.append((self.snapshot.scored - scored) / (time.monotonic() - at))
            changed(self.snapshot)

    async def _look(self, observer: Observer, scraper: Scraper, learner: Scraper, reader: LiveReader) -> None:
        shown = self.snapshot
        if observer.first_score_at is not None and observer.last_score_at is not None:
            shown.first_score_s = observer.first_score_at - self._began
            shown.seconds = observer.last_score_at - self._fed_from
        shown.scored, shown.duplicates = len(observer.scored), observer.repeated
        shown.dead_lettered, shown.dead_letters = observer.dead_letters.total(), dict(observer.dead_letters)
        shown.bundle = observer.last.bundle if observer.last else ""
        shown.events_per_s = shown.scored / shown.seconds if shown.seconds else 0.0
        scorer = self._stack.parts["scorer"].service
        shown.restarts = scorer.restarts if scorer else 0
        if await scraper.scrape():
            self._count_repeats(scraper)
            p50, p99 = (scraper.quantile(LATENCY, q) * 1000 for q in (0.5, 0.99))
            shown.p50_ms, shown.p99_ms = (None if math.isnan(p) else p for p in (p50, p99))
        if await learner.scrape():
            joined = sum(int(learner.total(FEEDBACK, outcome=each)) for each in ("joined", "joined_late"))
            if joined > shown.joined:
                shown.joined, shown.joined_per_s = joined, joined / (time.monotonic() - self._fed_from)
            shown.alerts = int(learner.total("contento_learner_alerts_total"))
            shown.mae, shown.inside = (
                next(iter(learner.gauges(QUALITY, metric=each, slice="overall")), None) for each in ("mae", "coverage")
            )
        total = (await reader.quality()).get("total", {})
        shown.mae_all, shown.mae_now, shown.inside_now = (
            total.get(each) for each in ("mae", "mae_now", "coverage_now")
        )
        if shown.scored:
            shown.cpu_us_per_event = (self._cpu_seconds() - self._cpu_before) / shown.scored * 1e6
        shown.segments = await reader.segments()
        shown.at_risk = await reader.at_risk(AT_RISK_SHOWN)
        shown.at_risk_users = await reader.users([user for user, _ in shown.at_risk])
        shown.at_risk_count = await reader.count_at_risk()

    def _count_repeats(self, scraper: Scraper) -> None:
        self.snapshot.repeated_events = int(scraper.total("contento_scorer_events_total", outcome="duplicate"))

    def _cpu_seconds(self) -> float:
        """Return the CPU time of the scorer and Triton so far, with all their processes."""
        total = 0.0
        for name in ("scorer", "triton"):
            part = self._stack.parts.get(name)
            if part is None or part.service is None or part.service.pid is None:
                continue
            try:
                process = psutil.Process(part.service.pid)
                for each in [process, *process.children(recursive=True)]:
                    times = each.cpu_times()
                    total += times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return total


def demo_directory() -> Path:
    """Return where the demo keeps its data and logs."""
    return Path(".contento") / "demo"

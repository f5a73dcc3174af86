import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import start_http_server

from contento.contracts.metrics import LATENCY_BUCKETS
from contento.local.demo.scrape import Scraper


class Process:
    """What a process says of itself; a new one begins at zero."""

    def __init__(self, started: float | None = None) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter("events", "_", ["outcome"], registry=self.registry)
        self.latency = Histogram("latency", "_", buckets=LATENCY_BUCKETS, registry=self.registry)
        self.stage = Histogram("stage", "_", ["stage"], buckets=(1, 2), registry=self.registry)
        if started is not None:
            Gauge("process_start_time_seconds", "_", registry=self.registry).set(started)


class Served:
    """An address on loopback behind which processes come and go."""

    def __init__(self) -> None:
        self.process = Process()
        self.server, self.thread = start_http_server(0, "127.0.0.1", registry=self)
        self.url = f"http://127.0.0.1:{self.server.server_port}/metrics"

    def collect(self) -> Any:
        return self.process.registry.collect()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.stop()


async def test_counters_are_summed_over_the_labels_not_named(served: Served) -> None:
    served.process.events.labels("scored").inc(7)
    served.process.events.labels("duplicate").inc(2)
    scraper = Scraper(served.url)
    assert await scraper.scrape()
    assert await scraper.scrape()  # the same state counts once
    assert scraper.total("events_total") == 9
    assert scraper.total("events_total", outcome="scored") == 7
    assert scraper.total("events_total", outcome="absent") == scraper.total("absent_total") == 0


async def test_a_restart_adds_up(served: Served) -> None:
    scraper = Scraper(served.url)
    for total, counted in ((10, 10), (15, 15)):
        served.process.events.labels("scored").inc(total - scraper.total("events_total"))
        await scraper.scrape()
        assert scraper.total("events_total") == counted
    served.process = Process()
    served.process.events.labels("scored").inc(4)
    served.process.events.labels("duplicate").inc(1)
    await scraper.scrape()
    assert scraper.total("events_total") == 20
    assert scraper.total("events_total", outcome="scored") == 19


async def test_a_restart_is_seen_when_some_counters_have_overtaken_their_last_value(served: Served) -> None:
    scraper = Scraper(served.url)
    served.process.events.labels("scored").inc(10)
    served.process.events.labels("duplicate").inc(5)
    await scraper.scrape()
    served.process = Process()
    served.process.events.labels("scored").inc(30)
    await scraper.scrape()
    served.process.events.labels("duplicate").inc(1)
    await scraper.scrape()
    assert scraper.total("events_total", outcome="scored") == 40
    assert scraper.total("events_total", outcome="duplicate") == 6


async def test_a_restart_is_seen_by_the_start_time_when_all_have_overtaken(served: Served) -> None:
    scraper = Scraper(served.url)
    served.process = Process(started=100.0)
    served.process.events.labels("scored").inc(10)
    await scraper.scrape()
    served.process = Process(started=105.5)
    served.process.events.labels("scored").inc(30)
    await scraper.scrape()
    assert scraper.total("events_total") == 40


async def test_nobody_there_is_no_error_and_forgets_nothing(served: Served) -> None:
    scraper = Scraper(served.url)
    served.process.events.labels("scored").inc(3)
    assert await scraper.scrape()
    gone = Served()
    gone.stop()
    scraper._url = gone.url
    assert not await scraper.scrape()
    scraper._url = served.url
    served.process.events.labels("scored").inc(1)
    assert await scraper.scrape()
    assert scraper.total("events_total") == 4


async def test_an_answer_cut_short_is_none(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = generate_latest

    def cut(*_: object, **__: object) -> bytes:
        return whole(served.process.registry)[:50]

    def answer(environment: object, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "5000"), ("Content-Type", "text/plain")])
        return [cut()]

    served.server.set_app(answer)
    scraper = Scraper(served.url)
    assert not await scraper.scrape()
    assert scraper.total("events_total") == 0


@pytest.mark.parametrize("q", [0.01, 0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("name", ["lognormal", "exponential"])
async def test_quantiles_are_right_within_a_bucket(served: Served, q: float, name: str) -> None:
    draws = np.random.default_rng(5)
    values = draws.lognormal(-3, 1, 2000) if name == "lognormal" else draws.exponential(0.2, 2000)
    values = np.clip(values, 0.0011, 90)  # inside the buckets
    for value in values:
        served.process.latency.observe(value)
    scraper = Scraper(served.url)
    await scraper.scrape()
    true = float(np.quantile(values, q, method="inverted_cdf"))
    assert true / 1.2001 <= scraper.quantile("latency", q) <= true * 1.2001


async def test_a_quantile_interpolates_inside_its_bucket(served: Served) -> None:
    for value in (0.5, 1.5, 1.5, 1.5):
        served.process.stage.labels("embed").observe(value)
    scraper = Scraper(served.url)
    await scraper.scrape()
    assert scraper.quantile("stage", 0.25) == 1.0
    assert scraper.quantile("stage", 0.5) == pytest.approx(1 + 1 / 3)
    assert scraper.quantile("stage", 1.0) == 2.0


async def test_a_histogram_with_labels_is_taken_whole(served: Served) -> None:
    for _ in range(3):
        served.process.stage.labels("embed").observe(0.5)
    served.process.stage.labels("score").observe(1.5)
    scraper = Scraper(served.url)
    await scraper.scrape()
    assert scraper.quantile("stage", 0.75) == 1.0
    assert scraper.quantile("stage", 1.0) == 2.0


async def test_beyond_the_last_bound_is_the_last_bound_and_nothing_is_nan(served: Served) -> None:
    scraper = Scraper(served.url)
    assert math.isnan(scraper.quantile("latency", 0.5))
    await scraper.scrape()
    assert math.isnan(scraper.quantile("latency", 0.5))
    served.process.stage.labels("embed").observe(1000)
    await scraper.scrape()
    assert scraper.quantile("stage", 0.5) == 2.0

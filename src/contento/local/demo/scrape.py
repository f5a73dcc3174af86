"""Reading a process's Prometheus endpoint: counters that survive its restarts, and quantiles."""

import asyncio
import http.client
import math
import urllib.error
import urllib.request
from collections import defaultdict
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, tuple[tuple[str, str], ...]]


class Scraper:
    """Adds up the counters of a process over its restarts, each of which begins at zero."""

    def __init__(self, url: str) -> None:
        """Take the endpoint's URL, `http://…/metrics`."""
        self._url = url
        self._started: float | None = None
        self._last: dict[Sample, float] = {}
        self._total: defaultdict[Sample, float] = defaultdict(float)
        self._gauges: dict[Sample, float] = {}
        self._one_at_a_time = asyncio.Lock()

    async def scrape(self) -> bool:
        """Read the endpoint and return whether it answered."""
        async with self._one_at_a_time:  # an older answer after a newer one would look like a restart
            return await self._scrape()

    async def _scrape(self) -> bool:
        try:
            text = await asyncio.to_thread(self._fetch)
        except (urllib.error.URLError, OSError, http.client.HTTPException):  # the last: killed while it answered
            return False
        seen: dict[Sample, float] = {}
        gauges: dict[Sample, float] = {}
        started: float | None = None
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name.endswith(("_total", "_bucket", "_count", "_sum")):
                    seen[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
                elif sample.name == "process_start_time_seconds":
                    started = sample.value
                elif family.type == "gauge":
                    gauges[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
        # One counter that fell or is gone means that all began anew, those too that have overtaken their last value.
        if started != self._started or any(seen.get(name, 0.0) < before for name, before in self._last.items()):
            self._last = {}
        for name, value in seen.items():
            self._total[name] += value - self._last.get(name, 0.0)
        self._last, self._started, self._gauges = seen, started, gauges
        return True

    def _fetch(self) -> str:
        with urllib.request.urlopen(self._url, timeout=2) as answer:  # noqa: S310 - our own http:// address
            return str(answer.read().decode())

    def total(self, name: str, **labels: str) -> float:
        """Return a counter, summed over all label values that are not named."""
        wanted = set(labels.items())
        return sum(value for (n, found), value in self._total.items() if n == name and wanted <= set(found))

    def gauges(self, name: str, **labels: str) -> list[float]:
        """Return a gauge's last values, of all label values that are not named."""
        wanted = set(labels.items())
        return [value for (n, found), value in self._gauges.items() if n == name and wanted <= set(found)]

    def quantile(self, histogram: str, q: float) -> float:
        """Return a quantile of a histogram's observations, over all label values; NaN where there are none.

        Interpolates inside the bucket, so it is right within the bucket's width.
        """
        name = f"{histogram}_bucket"
        counts: defaultdict[float, float] = defaultdict(float)
        for (found, labels), count in self._total.items():
            if found == name:
                counts[float(dict(labels)["le"])] += count
        buckets = sorted(counts.items())
        if not buckets or not buckets[-1][1]:
            return math.nan
        rank = q * buckets[-1][1]
        for (low, below), (high, count) in pairwise([(0.0, 0.0), *buckets]):
            if count >= rank:
                inside = (rank - below) / (count - below) if count > below else 1.0
                return low if math.isinf(high) else low + (high - low) * inside
        return math.nan

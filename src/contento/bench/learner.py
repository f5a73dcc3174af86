"""The learner's core under load: how many feedbacks a second of CPU time, and whether its memory stays flat."""

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

import psutil

from contento.contracts.messages import Feedback, Satisfaction, Score, Tensor
from contento.contracts.record import InputRecord
from contento.contracts.topics import TopicName
from contento.learning.join.join import DAY_MS, JoinOptions
from contento.learning.learner import Learner, LearnerOptions
from contento.learning.service.run import make_watches
from contento.learning.store import LearnerStore

_BATCH: Final = 2000
_STEP_MS: Final = 200
"""Between two events: 2,000,000 of them last 4.6 days."""
_START_MS: Final = 1_760_000_000_000
_BEHIND: Final = 300
"""Events that scores come late by."""
_LATE: Final = 20_000
"""Events that late feedback comes late by, at most."""
_SAMPLES: Final = 60
_WORDS: Final = (
    "strings",
    "tone",
    "broke",
    "fine",
    "wonderful",
    "late",
    "price",
    "cable",
    "love",
    "hate",
    "quiet",
    "buzz",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerFigures:
    """What a run came to.

    Attributes:
        feedbacks: Feedbacks handled.
        scores: Scores handled.
        per_second: Feedbacks, each with the score that it judges, per second of CPU time.
        outcomes: What became of the feedbacks.
        alerts: Alerts raised.
        memory_mb: Resident memory over the run, in MB, evenly.
        store_mb: Size of the store at the end, in MB.
        seconds: Wall time.
    """

    feedbacks: int
    scores: int
    per_second: float
    outcomes: dict[str, int]
    alerts: int
    memory_mb: list[float]
    store_mb: float
    seconds: float

    @property
    def growth_mb(self) -> float:
        """Memory in the last tenth of the run above that when a third was done and all caches were full, in MB."""
        third, tenth = len(self.memory_mb) // 3, max(1, len(self.memory_mb) // 10)
        warm = sorted(self.memory_mb[third : third + tenth])
        last = sorted(self.memory_mb[-tenth:])
        return last[len(last) // 2] - warm[len(warm) // 2]


def bench_learner(
    folder: Path,
    *,
    feedbacks: int,
    users: int = 20_000,
    items: int = 5_000,
    keep_bytes: int = 256 * 1024**2,
    seed: int = 0,
    report: Callable[[str, int, int], None],
) -> LearnerFigures:
    """Feed made-up scores and feedback through a learner.

    Args:
        folder: Where its store may lie.
        feedbacks: About how many feedbacks.
        users: Users that there are.
        items: Items that there are.
        keep_bytes: Most bytes of scores to keep.
        seed: Of the log.
        report: Told stage, feedbacks done, and in all.
    """
    store = LearnerStore(folder / "learner.sqlite", cluster="bench")
    options = LearnerOptions(join=JoinOptions(patience_ms=DAY_MS // 24, keep_bytes=keep_bytes))
    learner = Learner(store, make_watches, options)
    process = psutil.Process()
    memory: list[float] = []
    done = scores = alerts = 0
    sent: list[int] = []
    cpu = 0.0
    began = time.perf_counter()
    draws = random.Random(seed)  # noqa: S311 - a made-up log, to be the same each time
    for batch in _batches(_records(draws, feedbacks, users, items)):
        before = time.process_time()
        handled = learner.take(batch, sent)
        sent = [
            number
            for kind in ("factors", "segment", "segment_meta", "alert")
            for number, _, _ in store.outbox(kind, 10_000)
        ]
        cpu += time.process_time() - before
        done += sum(topic == "feedback" for topic, _ in batch)
        scores += handled.scores.total()
        alerts += len(handled.alerts)
        if done * _SAMPLES >= len(memory) * feedbacks:
            memory.append(process.memory_info().rss / 1e6)
        report("learning", min(done, feedbacks), feedbacks)
    outcomes: dict[str, int] = {name: count for name, count in learner.prequential.outcomes.items() if count}
    store.close()
    return LearnerFigures(
        feedbacks=done,
        scores=scores,
        per_second=done / cpu,
        outcomes=outcomes,
        alerts=alerts,
        memory_mb=memory,
        store_mb=sum(file.stat().st_size for file in folder.iterdir()) / 1e6,
        seconds=time.perf_counter() - began,
    )


def _records(draws: random.Random, feedbacks: int, users: int, items: int) -> Iterator[tuple[TopicName, bytes, int]]:
    """Yield topic, value and time of records: 30 % of feedback late, 2 % duplicates, 2 % orphans."""
    behind: deque[Score] = deque()
    late: list[tuple[int, int, bytes]] = []
    for number in range(feedbacks):
        now = _START_MS + number * _STEP_MS
        behind.append(_score(draws, number, now, users, items))
        if len(behind) > _BEHIND:
            yield "scores", behind.popleft().SerializeToString(), now
        while late and late[0][0] <= number:
            yield "feedback", heappop(late)[2], now
        feedback = _feedback(draws, behind[-1], number, now).SerializeToString()
        kind = draws.random()
        if kind < 0.3:
            heappush(late, (number + draws.randrange(_BEHIND, _LATE), number, feedback))
            continue
        yield "feedback", feedback, now
        if kind < 0.32:
            yield "feedback", feedback, now
        elif kind < 0.34:
            orphan = _feedback(draws, behind[-1], number, now)
            orphan.feedback_id, orphan.event_id = f"o{number}", f"nothing-{number}"
            yield "feedback", orphan.SerializeToString(), now
    for score in behind:
        yield "scores", score.SerializeToString(), now


def _batches(records: Iterator[tuple[TopicName, bytes, int]]) -> Iterator[list[tuple[TopicName, InputRecord]]]:
    offsets: dict[TopicName, int] = {}
    batch: list[tuple[TopicName, InputRecord]] = []
    for topic, value, at_ms in records:
        offset = offsets[topic] = offsets.get(topic, -1) + 1
        record = InputRecord(
            topic=topic, partition=0, offset=offset, timestamp_ms=at_ms, key=b"", value=value, headers=()
        )
        batch.append((topic, record))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _score(draws: random.Random, number: int, now: int, users: int, items: int) -> Score:
    user, item = int(users * draws.random() ** 2), int(items * draws.random() ** 2)
    mean = min(max(draws.gauss(3.6, 0.7), 1.0), 5.0)
    positive = (mean - 1) / 4
    score = Score(
        event_id=f"e{number}",
        user_id=f"u{user}",
        item_id=f"i{item}",
        event_type=("view", "click", "review", "search")[number % 4],
        segment=f"s{user % 8}",
        bundle="b" * 64,
        arm="serving",
        user_representation=[draws.random() for _ in range(32)],
        missing_towers=["image"],
        outcomes={"purchase": 0.2 * positive},
    )
    score.event_time.FromMilliseconds(now)
    score.rating.mean, score.rating.lower, score.rating.upper = mean, max(mean - 1.5, 1.0), min(mean + 1.5, 5.0)
    score.rating.coverage = 0.9
    score.rating.distribution.extend((0.1, 0.1, 0.2, 0.3, 0.3))
    score.satisfaction.p_positive, score.satisfaction.p_negative = 0.8 * positive, 0.8 * (1 - positive)
    score.satisfaction.p_neutral, score.satisfaction.value = 0.2, 0.8 * positive + 0.1
    score.features.text = " ".join([*draws.choices(_WORDS, k=8), str(number)]) if number % 4 == 2 else ""
    score.features.tensors.append(Tensor(name="history_values", dtype="float32", shape=[32, 8], data=bytes(1024)))
    return score


def _feedback(draws: random.Random, score: Score, number: int, now: int) -> Feedback:
    feedback = Feedback(feedback_id=f"f{number}", user_id=score.user_id, event_id=score.event_id)
    feedback.time.FromMilliseconds(now)
    kind = draws.random()
    if kind < 0.7:
        feedback.rating = float(min(max(round(draws.gauss(score.rating.mean, 0.9)), 1), 5))
    elif kind < 0.9:
        happy = draws.random() < score.satisfaction.value
        feedback.satisfaction = Satisfaction.SATISFACTION_POSITIVE if happy else Satisfaction.SATISFACTION_NEGATIVE
    else:
        feedback.outcome.name, feedback.outcome.happened = "purchase", draws.random() < score.outcomes["purchase"]
    return feedback

"""A small shop whose users say what they think, and a simulated world seen through a stand-in for the model."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from contento.contracts.messages import DriftAlert, Feedback, Score, UserEvent
from contento.learning.judged import Judged
from contento.learning.sentiment.watch import SentimentOptions, SentimentWatch
from contento.training.readers import open_source

START_MS = 1_700_000_000_000
WORDS = ("delivery", "price", "quality", "support", "colour", "size", "battery", "manual")
Fall = Callable[[str, str, str, Sequence[str]], float]
"""By how much satisfaction is lower, by item, group, segment and words."""


def no_fall(_item: str, _group: str, _segment: str, _words: Sequence[str]) -> float:
    return 0.0


def same(text: str) -> str:
    return text


def group_of(item: str) -> str:
    return f"g{int(item[1:]) % 4}"


@dataclass(slots=True)
class Shop:
    """40 items in 4 groups, users in 4 segments; a review every 20 seconds."""

    seed: int = 1
    users: int = 2000
    step_ms: int = 20_000
    now_ms: int = START_MS
    count: int = 0
    bundle: str = "b1"
    draws: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draws = random.Random(self.seed)

    def scores(self, count: int, fall: Fall = no_fall) -> Iterator[Score]:
        draw = self.draws
        for _ in range(count):
            self.now_ms += self.step_ms
            self.count += 1
            item, user = draw.randrange(40), draw.randrange(self.users)
            segment, words = f"s{user % 4}", [draw.choice(WORDS) for _ in range(2)]
            mean = 0.6 + 0.005 * item - fall(f"i{item}", group_of(f"i{item}"), segment, words)
            value = min(max(draw.gauss(mean, 0.25), 0.0), 1.0)
            yield self.score(
                f"i{item}",
                value,
                user=f"u{user}",
                segment=segment,
                text=f"about {words[0]} and {words[1]} since {letters(self.count)} {_verdict(value)}",
            )

    def score(self, item: str, value: float, *, user: str, segment: str = "s0", text: str = "") -> Score:
        made = Score(
            event_id=f"e{self.count}", user_id=user, item_id=item, event_type="review", segment=segment,
            bundle=self.bundle, arm="serving",
        )  # fmt: skip
        made.event_time.FromMilliseconds(self.now_ms)
        made.satisfaction.value = value
        made.features.text = text
        return made


def _verdict(value: float) -> str:
    return "lovely" if value > 0.5 else "awful"


def letters(number: int) -> str:
    """Return a number as a word of its own."""
    return "".join(chr(97 + int(digit)) for digit in str(number))


def watch(**options: object) -> SentimentWatch:
    return SentimentWatch(SentimentOptions(**options), item_group_of=group_of, mask=same)  # type: ignore[arg-type]


def told(watching: SentimentWatch, scores: Iterator[Score]) -> list[tuple[int, DriftAlert]]:
    """Return the alerts, each with the number of the score that brought it."""
    return [(number, alert) for number, score in enumerate(scores, start=1) for alert in watching.scored(score)]


@dataclass(slots=True)
class Played:
    """What a simulated world has brought."""

    alerts: list[DriftAlert]
    calls: int
    start_ms: int
    items: frozenset[str]


def simulated(spec: str) -> tuple[Iterator[Score | Judged], Callable[[], Played], list[DriftAlert]]:
    """Return a world's scores and judged feedback, in order; satisfaction is the true one with noise."""
    source = open_source(spec)
    noise = random.Random(1)
    alerts: list[DriftAlert] = []
    calls = [0]

    def records() -> Iterator[Score | Judged]:
        by_event: dict[str, Score] = {}
        by_pair: dict[tuple[str, str], Score] = {}
        for record in source.records():
            if isinstance(record, UserEvent):
                _, neutral, positive = source.truth[record.event_id].satisfaction  # type: ignore[attr-defined]
                score = Score(
                    event_id=record.event_id, user_id=record.user_id, item_id=record.item_id,
                    event_type=record.type, event_time=record.time, bundle="b", arm="serving",
                    segment=record.attributes.get("segment", ""),
                )  # fmt: skip
                score.satisfaction.value = min(max(positive + neutral / 2 + noise.gauss(0, 0.1), 0.0), 1.0)
                score.features.text, score.features.text_kind = record.text, record.text_kind
                by_event[record.event_id] = by_pair[record.user_id, record.item_id] = score
                calls[0] += 1
                yield score
            elif joined := by_event.get(record.event_id) or by_pair.get((record.user_id, record.item_id)):
                calls[0] += 1
                yield judge(joined, record)

    def played() -> Played:
        drifts = source.truth.drifts  # type: ignore[attr-defined]
        return Played(
            alerts=alerts,
            calls=calls[0],
            start_ms=drifts[0].start_ms if drifts else 0,
            items=drifts[0].items if drifts else frozenset(),
        )

    return records(), played, alerts


def judge(score: Score, feedback: Feedback) -> Judged:
    kind = feedback.WhichOneof("kind")
    return Judged(
        score=score,
        feedback=feedback,
        rating=feedback.rating if kind == "rating" else None,
        satisfaction=feedback.satisfaction - 1 if kind == "satisfaction" else None,
        outcome=(feedback.outcome.name, feedback.outcome.happened) if kind == "outcome" else None,
        delay_ms=0,
    )

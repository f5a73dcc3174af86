"""A watch that is restored goes on to the same bytes as one that was never interrupted."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.learning.sentiment.shop import Shop, group_of, judge, same, watch

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import DriftAlert, Feedback, Score
from contento.learning.judged import Judged
from contento.learning.sentiment.watch import SentimentOptions, SentimentWatch

OPTIONS = SentimentOptions(items=12, topics=5, groups=3, segments=3, texts=4, cool_down_hours=2.0)


def new() -> SentimentWatch:
    return SentimentWatch(OPTIONS, item_group_of=group_of, mask=same)


def stream(seed: int, count: int) -> list[Score | Judged]:
    """Scores and ratings of a shop in which everything happens: groups fall, then all, then the bundle changes."""
    shop = Shop(seed, users=60, step_ms=600_000)

    def fall(_item: str, group: str, _segment: str, _words: object) -> float:
        return 0.4 * (shop.count > count // 3) * (group == "g1") + 0.5 * (shop.count > count // 2)

    made: list[Score | Judged] = []
    for score in shop.scores(count, fall):
        shop.bundle = "b2" if shop.count > 4 * count // 5 else "b1"
        made.append(score)
        if shop.count % 3 == 0:
            feedback = Feedback(user_id=score.user_id, event_id=score.event_id, comment=score.features.text)
            feedback.rating = 1 + round(4 * score.satisfaction.value)
            made.append(judge(score, feedback))
    return made


def take(watching: SentimentWatch, record: Score | Judged) -> list[DriftAlert]:
    return watching.judged(record) if isinstance(record, Judged) else watching.scored(record)


class Store:
    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def commit(self, watching: SentimentWatch) -> None:
        for name, entry in watching.changed().items():
            if entry is None:
                self.entries.pop(name, None)
            else:
                self.entries[name] = entry


def run(records: list[Score | Judged], restart: Callable[[int], bool]) -> tuple[list[bytes], dict[str, bytes]]:
    watching, store, alerts = new(), Store(), []
    for number, record in enumerate(records):
        alerts += [alert.SerializeToString(deterministic=True) for alert in take(watching, record)]
        if restart(number):
            store.commit(watching)
            watching = new()
            watching.restore(dict(reversed(store.entries.items())))  # the store promises no order
    store.commit(watching)
    return alerts, store.entries


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), places=st.sets(st.integers(0, 1200), max_size=6))
def test_restored_anywhere(seed: int, places: set[int]) -> None:
    records = stream(seed, 900)
    alerts, entries = run(records, lambda _: False)
    again, restored = run(records, lambda number: number in places)
    assert again == alerts
    assert restored == entries


def test_restored_after_every_record() -> None:
    records = stream(7, 900)
    alerts, entries = run(records, lambda _: False)
    assert alerts
    again, restored = run(records, lambda number: number % 2 == 0 or 400 < number < 500)
    assert again == alerts
    assert restored == entries


def test_only_what_changed_is_written() -> None:
    shop, watching = Shop(1), watch()
    for score in shop.scores(500):
        watching.scored(score)
    watching.changed()
    assert set(watching.changed()) == {"watch"}
    score = next(shop.scores(1))
    watching.scored(score)
    names = {name for name in watching.changed() if not name.startswith(("topic", "texts/"))}
    assert names == {
        "watch", "words", "everywhere/", f"item/{score.item_id}", f"group/{group_of(score.item_id)}",
        f"segment/{score.segment}",
    }  # fmt: skip


@pytest.mark.parametrize(
    "entries",
    [{"watch": b"[3]"}, {"item/i1": b"{}"}, {"item/i1": b"\x80\x04pickle"}, {"planet/mars": b"[1]"}, {"words": b""}],
)
def test_an_unknown_format_is_refused_with_what_to_do(entries: dict[str, bytes]) -> None:
    with pytest.raises(StateFormatError, match="run the version that wrote it"):
        new().restore(entries)

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contento.learning.drift.memory import Projections, RecentTexts, SeenIds


def add(texts: RecentTexts, text: str, at: int, user: str = "") -> bool | None:
    return texts.add(text, "", item_id=f"i{at % 3}", user_id=user or f"u{at}", time_ms=60_000 * at)


def test_repeats_are_seen_once_there_is_enough_to_compare_with() -> None:
    texts = RecentTexts(4)
    assert [add(texts, text, at) for at, text in enumerate("abca")] == [None] * 4
    assert [add(texts, text, at) for at, text in enumerate("axyzwa", start=10)] == [
        True, False, False, False, False, False,
    ]  # fmt: skip


def test_what_left_the_memory_is_no_repeat() -> None:
    texts = RecentTexts(2)
    for at, text in enumerate("ab"):
        add(texts, text, at)
    assert [add(texts, text, at) for at, text in enumerate("cabb", start=5)] == [False, False, False, True]


def test_a_text_in_haste_is_suspect_though_it_is_new() -> None:
    texts = RecentTexts(1)
    texts.add("a", "", item_id="i", user_id="u", time_ms=0)
    assert texts.add("b", "", item_id="i", user_id="u", time_ms=9_999) is True
    assert texts.add("c", "", item_id="i", user_id="u", time_ms=19_999) is False
    assert texts.add("d", "", item_id="i", user_id="other", time_ms=20_000) is False


def test_suspects_are_shown_with_item_and_users() -> None:
    texts = RecentTexts(8)
    for at in range(8):
        texts.add(f"own words {at}", "", item_id="quiet", user_id=f"u{at}", time_ms=60_000 * at)
    for at in range(6):
        texts.add("BUY " + "now" * 100, "k", item_id="praised", user_id=f"bot{at % 2}", time_ms=10**7 + 60_000 * at)
    shown, item, users = texts.suspects()
    assert shown == [("BUY " + "now" * 100)[:200]]
    assert (item, users) == ("praised", 2)


def test_ids_are_new_once_until_they_are_forgotten() -> None:
    ids = SeenIds()
    assert [ids.add(name) for name in ("a", "b", "a", "b")] == [True, True, False, False]
    fresh = [ids.add(f"u{number}") for number in range(2_000)]
    assert np.mean(fresh) > 0.97
    assert not any(ids.add(f"u{number}") for number in range(2_000))
    for number in range(200_000):
        ids.add(f"other{number}")
    assert np.mean([ids.add(f"u{number}") for number in range(500)]) > 0.2


def test_projections_stay_in_the_middle_and_move_with_the_mean() -> None:
    generator = np.random.default_rng(1)
    projections = Projections()

    def batches(shift: float, count: int) -> list[list[float]]:
        found = (projections.add((generator.normal(size=24) + shift).tolist()) for _ in range(16 * count))
        return [each for each in found if each is not None]

    assert batches(0.0, 32) == []
    usual = np.array(batches(0.0, 40))
    assert usual.shape == (40, Projections.COUNT)
    assert np.abs(usual.mean(0) - 0.5).max() < 0.06
    moved = np.array(batches(1.0, 40)).mean(0)
    assert np.abs(moved - usual.mean(0)).max() > 0.2


def test_another_width_starts_over() -> None:
    projections = Projections()
    for _ in range(16 * 33):
        projections.add([0.1, 0.2])
    assert projections.state()["batches"] == 32
    projections.add([0.1, 0.2, 0.3])
    assert (projections.state()["batches"], projections.state()["held"]) == (0, 1)


@given(
    values=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3), st.integers(0, 10**6)), max_size=60),
    cut=st.floats(0, 1),
)
def test_texts_restored_go_on_to_the_same(values: list[tuple[str, int, int]], cut: float) -> None:
    whole, first, second = RecentTexts(8), RecentTexts(8), RecentTexts(8)
    place = int(cut * len(values))

    def play(texts: RecentTexts, part: list[tuple[str, int, int]]) -> list[bool | None]:
        return [texts.add(t, "", item_id=t, user_id=str(u), time_ms=at) for t, u, at in part]

    answers = play(whole, values)
    play(first, values[:place])
    second.restore(json.loads(json.dumps(first.state())))
    assert play(second, values[place:]) == answers[place:]
    assert second.suspects() == whole.suspects()
    assert json.dumps(second.state()) == json.dumps(whole.state())


@pytest.mark.parametrize("made", [SeenIds, Projections])
def test_a_restored_memory_is_the_same(made: type[Any]) -> None:
    first, second = made(), made()
    for number in range(700):
        first.add(f"u{number}" if made is SeenIds else [number / 700, 1.0])
    second.restore(json.loads(json.dumps(first.state())))
    assert second.state() == first.state()
    more = "u3" if made is SeenIds else [0.5, 0.25]
    assert [first.add(more) for _ in range(40)] == [second.add(more) for _ in range(40)]
    assert second.state() == first.state()

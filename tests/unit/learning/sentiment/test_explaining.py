"""Which of several keys that fall together accounts for the fall."""

import random

from contento.learning.sentiment.explaining import culprits, falls_around
from contento.learning.sentiment.watched import TOLD, Kind, Watched


def observe(watched: Watched, values: dict[tuple[str, str], float], rounds: int, stake: float = 1e-6) -> None:
    """Let a key observe each item of a group at its mean, so many times."""
    draw = random.Random(5)
    for number in range(rounds):
        for place, ((item, group), mean) in enumerate(values.items()):
            watched.observe(
                TOLD, number * 100 + place + int(stake * 1e9), mean + draw.uniform(-0.1, 0.1), stake=stake, margin=0.04,
                usual=0.7, at_ms=1, parts=[("item", item), ("group", group), ("segment", "s1")],
            )  # fmt: skip


def fallen(kind: Kind, after: dict[tuple[str, str], float], rounds: int = 20) -> Watched:
    watched = Watched(kind, "" if kind == "everywhere" else "k", 4)
    observe(watched, dict.fromkeys(after, 0.7), 20)
    observe(watched, after, rounds, stake=1e-3)
    return watched


def shop(**means: float) -> dict[tuple[str, str], float]:
    """Eight items in four groups; those named have these means."""
    return {
        (f"i{n}", f"g{n % 4}"): means.get(f"i{n}", means.get(f"g{n % 4}", means.get("all", 0.66))) for n in range(8)
    }


def test_one_item_is_the_culprit() -> None:
    assert culprits(fallen("everywhere", shop(i3=0.0)), TOLD, 0.08) == [("item", "i3")]


def test_two_items_of_different_groups_are() -> None:
    assert culprits(fallen("everywhere", shop(i3=0.0, i6=0.05)), TOLD, 0.08) == [("item", "i3"), ("item", "i6")]


def test_if_all_fall_nobody_is() -> None:
    assert culprits(fallen("everywhere", shop(all=0.3)), TOLD, 0.08) == []


def test_a_group_is_one_where_its_items_are_too_many() -> None:
    values = {(f"i{n}", f"g{n % 4}"): 0.1 if n % 4 == 1 else 0.66 for n in range(32)}
    assert culprits(fallen("everywhere", values), TOLD, 0.08) == [("group", "g1")]


def test_a_topic_of_one_item_falls_with_it() -> None:
    assert culprits(fallen("topic", {("i1", "g1"): 0.3}, rounds=20), TOLD, 0.1) == [("item", "i1")]


def test_an_item_is_held_while_all_else_falls_too_and_only_then() -> None:
    item = Watched("item", "i3", 4)
    observe(item, {("i3", "g3"): 0.7}, 20)
    observe(item, {("i3", "g3"): 0.3}, 6, stake=1e-3)
    assert falls_around(fallen("everywhere", shop(all=0.3)), item, TOLD)
    assert not falls_around(fallen("everywhere", shop(i3=0.0)), item, TOLD)
    assert not falls_around(None, item, TOLD)


def is_told(first: list[float], mean: float, seed: int) -> tuple[bool, bool]:
    """Return whether bets of absurd stakes have won after 22 more values, and whether that is told."""
    watched = Watched("item", "i1", 4)
    draw = random.Random(seed)
    later = [min(max(draw.gauss(mean, 0.25), 0.0), 1.0) for _ in range(22)]
    for number, value in enumerate([*first, *later]):
        watched.observe(TOLD, number, value, stake=0.2, margin=0.05, usual=0.7, at_ms=number, parts=[])
    return watched.winnings >= 1.0, watched.winnings >= 1.0 and watched.fallen(0.1) is not None


def test_a_lucky_start_does_not_make_ordinary_days_a_fall() -> None:
    """Eight values of .9 on average where .72 is usual: two standard errors, so one item in fifty begins so."""
    lucky = [is_told([0.95, 0.85] * 4, 0.72, seed) for seed in range(200)]
    assert sum(won for won, _ in lucky) > 150
    assert sum(told for _, told in lucky) <= 4
    fallen = [is_told([0.95, 0.85] * 60, 0.5, seed) for seed in range(200)]
    assert sum(told for _, told in fallen) > 190

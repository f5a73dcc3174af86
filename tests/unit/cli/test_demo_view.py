import re
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from contento.cli.demo_view import DemoView, summary_panel
from contento.local.demo.run import Snapshot
from contento.state.base import LiveGroup, LiveUser


def a_user(satisfaction: float, slow: float, n: int) -> LiveUser:
    return LiveUser(
        satisfaction=satisfaction, slow=slow, p_negative=0.5, p_neutral=0.25, p_positive=0.25, rating=2.0, n=n,
        segment="loyal", bundle="b", updated_ms=1,
    )  # fmt: skip


def a_group(n: int, satisfaction: float, rating: float) -> LiveGroup:
    return LiveGroup(n=n, weight=1.0, satisfaction=satisfaction, p_negative=0.1, rating=rating, updated_ms=1)


def a_snapshot() -> Snapshot:
    return Snapshot(
        events=12_345, items=678, feedback=91, scored=12_001, dead_lettered=37, duplicates=5, repeated_events=300,
        p50_ms=41.4, p99_ms=1234.0, events_per_s=2222.2, cpu_us_per_event=543.2, bundle="0123456789abcdef",
        inference="in-process", first_score_s=4.26, seconds=8.88, restarts=3,
        dead_letters={"missing": 30, "too_large": 7},
        segments={"loyal": a_group(7_654, 0.81, 4.21), "[red]odd[/]": a_group(42, 0.123, 1.98)},
        at_risk=[("user-17", 0.9), ("[/b]", 0.8), ("gone", 0.7)],
        at_risk_users={"user-17": a_user(0.10, 0.30, 66), "[/b]": a_user(0.20, 0.11, 77)},
        at_risk_count=4_321,
        rates=[0.0, 500.0, 1000.0],
    )  # fmt: skip


def drawn(what: RenderableType, width: int) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(what)
    text = capture.get()
    assert max(cell_len(line) for line in text.splitlines()) <= width
    return text


def words(text: str) -> str:
    """Return the text without borders and line breaks."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)


@pytest.mark.parametrize("width", [80, 120])
def test_every_figure_is_there(width: int) -> None:
    text = drawn(DemoView("simulated:steady [x]", 20_000).draw(a_snapshot()), width)
    for figure in (
        "simulated:steady [x]", "12038/20000", "1,000 scores/s", "▁▄█", "p50 41 ms", "p99 1,234 ms", "543 µs/event",
        "satisfaction by segment", "loyal 7,654", "0.81 4.21", "[red]odd[/] 42", "0.12 1.98",
        "users at risk (4,321)", "user-17 0.10 ▼ -0.20 66", "[/b] 0.20 ▲ +0.09 77",
        "model in-process", "bundle 0123456789ab", "dead letters 37", "30 missing, 7 too_large", "restarts 3",
    ):  # fmt: skip
        assert figure in words(text), figure
    assert "gone" not in text  # a user whose state has expired


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_yet_can_be_drawn(width: int) -> None:
    text = words(drawn(DemoView("log", None).draw(Snapshot()), width))
    for figure in ("0 scores/s", "p50 - p99 -", "none yet", "users at risk (0)", "bundle -", "dead letters 0"):
        assert figure in text, figure


@pytest.mark.parametrize(("value", "filled"), [(0.0, 0), (0.5, 12), (1.0, 24)])
def test_a_bar_is_as_long_as_its_value(value: float, filled: int) -> None:
    shown = Snapshot(segments={"s": a_group(1, value, 3.0)})
    text = drawn(DemoView("log", None).draw(shown), 120)
    assert (text.count("█"), text.count("░")) == (filled, 24 - filled)


def test_only_so_many_segments_and_rates_are_drawn() -> None:
    shown = Snapshot(segments={f"s{n:02}": a_group(1, 0.0, 3.0) for n in range(30)}, rates=[1.0] * 500)
    text = drawn(DemoView("log", None).draw(shown), 120)
    assert "s07" in text
    assert "s08" not in text
    assert text.count("█") == 40


@pytest.mark.parametrize("width", [80, 120])
def test_the_summary_has_every_figure(width: int) -> None:
    text = words(drawn(summary_panel(a_snapshot()), width))
    for figure in (
        "events 12,345 and 91 feedback, 678 items", "scored 12,001 7 LOST", "scored twice 5",
        "dead letters 37 30 missing, 7 too_large", "latency p50 / p99 41 ms / 1,234 ms", "2,222/s 8.9 s",
        "543 µs", "first score 4.3 s", "users at risk 4,321", "in-process bundle 0123456789ab",
    ):  # fmt: skip
        assert figure in text, figure


def test_the_summary_says_when_nothing_is_lost() -> None:
    shown = a_snapshot()
    shown.repeated_events += 7
    text = words(drawn(summary_panel(shown), 80))
    assert "scored 12,001 none lost" in text
    assert "LOST" not in text

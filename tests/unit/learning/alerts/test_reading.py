import json
from typing import cast

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from contento.contracts.messages import DriftAlert, DriftKind, Severity
from contento.contracts.topics import TOPICS
from contento.learning.alerts import reading
from contento.learning.alerts.lines import alert_panel, alert_table

NOW_MS = 1_773_834_000_000
"""2026-03-18T11:40:00Z, when the golden example was found."""


def golden() -> DriftAlert:
    return cast("DriftAlert", TOPICS["alerts"].example())


def shown(renderable: RenderableType, width: int = 110) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (-5, "just now"), (59, "59 s ago"), (60, "1 min ago"), (12_300, "3 h 25 min ago"),
     (90_000, "1 d 1 h ago"), (86_400 + 59, "1 d ago")],
)  # fmt: skip
def test_ago(seconds: int, words: str) -> None:
    assert reading.ago(NOW_MS - seconds * 1000, NOW_MS) == words


def test_a_panel_says_all_that_one_needs_at_three_in_the_morning() -> None:
    text = shown(alert_panel(golden(), NOW_MS + 60_000))
    for part in (
        "TICKET", "scores are off: kettles, segment home and kitchen, text input",
        "Ratings of kettles are off by 1.12 stars instead of 0.84 since 08:15.",
        "2026-03-18 08:15 UTC, 3 h 26 min ago", "0.84 (0.81 to 0.87, 5,210 samples) → 1.12 (1.02 to 1.22, 640 samples)",
        "99.7 %", "An update of the adapter has begun", "The lid broke after a week.", "c8d701a954ee", "alert-0193",
    ):  # fmt: skip
        assert part in text, part


def test_a_table_has_a_row_for_each() -> None:
    other = golden()
    other.severity, other.segment, other.item_group, other.tower = Severity.SEVERITY_PAGE, "", "", ""
    text = shown(alert_table([golden(), other], NOW_MS), width=200)
    assert "everywhere" in text
    assert text.count("0.84 → 1.12") == 2


@pytest.mark.parametrize(
    ("monitor", "group", "segment", "words"),
    [
        ("satisfaction/item/i17", "kettles", "", "item i17 of kettles"),
        ("satisfaction/item/i17", "", "", "item i17"),
        ("satisfaction/item/a/b", "", "", "item a/b"),
        ("satisfaction/group/kettles", "kettles", "", "group kettles"),
        ("satisfaction/segment/de", "", "de", "segment de"),
        ("satisfaction/topic/lid", "", "", "topic lid"),
        ("satisfaction/everywhere", "", "", "everywhere"),
        ("rating-error", "", "", "everywhere"),
    ],
)
def test_where(monitor: str, group: str, segment: str, words: str) -> None:
    assert reading.where(DriftAlert(monitor=monitor, item_group=group, segment=segment)) == words


def test_certainty_is_never_rounded_up() -> None:
    assert reading.how_sure(DriftAlert(confidence=0.99999)) == "more than 99.99 %"
    assert reading.how_sure(DriftAlert(confidence=0.95)) == "95 %"
    assert reading.how_sure(DriftAlert()) == "not stated"


def test_every_kind_and_severity_has_a_name() -> None:
    assert set(reading.KINDS) == set(DriftKind.values())
    assert set(reading.SEVERITIES) == set(Severity.values())
    assert set(reading.TITLES) == set(reading.KINDS.values())


def test_the_kind_of_a_newer_version_can_be_read() -> None:
    newer = golden()
    newer.MergeFromString(b"\x18\x63\x20\x63")  # kind and severity 99
    assert (reading.kind(newer), reading.severity(newer)) == ("unknown", "unknown")
    assert "something drifted" in shown(alert_panel(newer, NOW_MS))


def test_json_is_one_line_and_reads_back() -> None:
    line = reading.to_json(golden())
    assert "\n" not in line
    assert json.loads(line)["severity"] == "SEVERITY_TICKET"
    assert json_format.Parse(line, DriftAlert()) == golden()


texts = st.text(max_size=30)


@given(summary=texts, group=texts, evidence=st.lists(texts, max_size=3), monitor=texts)
def test_no_text_can_break_the_screen(summary: str, group: str, evidence: list[str], monitor: str) -> None:
    made = DriftAlert(summary=summary, item_group=group, evidence=evidence, monitor=monitor)
    for each in (alert_panel(made, NOW_MS), alert_table([made], NOW_MS)):
        text = shown(each)
        assert all(c == "\n" or c.isprintable() for c in text)


def test_markup_in_a_text_is_shown_as_it_is() -> None:
    assert "[red]boo[/]" in shown(alert_panel(DriftAlert(evidence=["[red]boo[/]\x1b[31m"]), NOW_MS))

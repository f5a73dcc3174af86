import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from contento.cli import main
from contento.cli.explain_page import page
from contento.cli.explain_view import bar, view
from contento.contracts.errors import ContentoError
from contento.model.explanation.explanation import (
    EventContribution,
    Explanation,
    NamedEvent,
    ScoreFigures,
    TowerContribution,
    WordAttribution,
)

HOSTILE = "<script>alert(1)</script>"
TEXT = f"{HOSTILE} broke \x1b[31m& lamp"


def event(place: int, name: NamedEvent | None, removal: float | None) -> EventContribution:
    return EventContribution(place=place, event=name, share=0.5, removal=removal)


MADE = Explanation(
    bundle="b" * 64,
    target="rating",
    value=2.5,
    score=ScoreFigures(
        rating=2.5,
        lower=1.25,
        upper=4.75,
        coverage=0.9,
        negative=0.5,
        neutral=0.25,
        positive=0.25,
        satisfaction=0.375,
        outcomes={HOSTILE: 0.125},
    ),
    text=TEXT,
    words=(
        WordAttribution(word=HOSTILE, start=0, end=25, attribution=0.5, read=True),
        WordAttribution(word="broke", start=26, end=31, attribution=-1.0, read=True),
        WordAttribution(word="\x1b[31m&", start=32, end=38, attribution=0.01, read=True),
        WordAttribution(word="lamp", start=39, end=43, attribution=0.0, read=False),
    ),
    baseline="every word replaced by [MASK]",
    baseline_value=3.0,
    delta=-0.01,
    steps=50,
    empty=3.25,
    towers=(
        TowerContribution(tower="text", share=0.75, shapley=-1.0, removal=-0.5),
        TowerContribution(tower="behaviour", share=0.25, shapley=0.25, removal=0.25),
    ),
    events=(
        event(31, NamedEvent(event_id="e9", type="view", item_id="i1", time_ms=90_000), None),
        event(30, NamedEvent(event_id="e8", type=HOSTILE, item_id=HOSTILE * 9, time_ms=0), -0.25),
        event(28, None, 0.125),
    ),
)


def shown(explanation: Explanation, width: int) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(view(explanation))
    console.file.close()
    return console.export_text()


@pytest.mark.parametrize("width", [80, 100])
def test_the_view_fits_and_says_all_without_colour(width: int) -> None:
    text = shown(MADE, width)
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= width
    assert lines[0] == "rating 2.50 (90%: 1.25 to 4.75)"
    assert lines[3] == "explained: expected rating 2.50"
    parts = [line.split() for line in lines]
    assert ["broke", "████████│", "-1.000"] in parts, text
    assert ["text", "████████│", "-1.000", "-0.500", "75%"] in parts, text
    assert ["behaviour", "│██", "+0.250", "+0.250", "25%"] in parts, text
    assert ["3", "before", "│████", "+0.125", "50%"] in parts, text
    assert "all words -0.500: from 3.00 (every word replaced by [MASK]) to 2.50" in " ".join(text.split())
    assert "1970-01-01 00:00" in text


def test_a_strangers_text_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in shown(MADE, 100)


def test_bars_have_one_width_and_a_middle() -> None:
    bars = [bar(value, 2.0).plain for value in (-2, -1, 0, 0.5, 2, 9)]
    assert {len(each) for each in bars} == {17}
    assert {each[8] for each in bars} == {"│"}
    assert [each.count("█") for each in bars] == [8, 4, 0, 2, 8, 8]
    assert bars[1] == "    ████│        "


def test_the_page_escapes_texts_and_names() -> None:
    html = page(MADE)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4  # word, outcome, type, item
    assert "-1.000" in html
    assert "http" not in html.replace("http-equiv", ""), "it loads nothing"


def test_a_page_without_text_events_or_towers() -> None:
    html = page(replace(MADE, text="", words=(), events=(), towers=(), baseline=""))
    assert "<section" not in html
    assert shown(replace(MADE, text="", words=(), events=(), towers=()), 100).startswith("rating 2.50")


def explain(*arguments: str) -> tuple[dict[str, Any], str]:
    result = CliRunner().invoke(main.app, ["explain", *arguments, "--json"], prog_name="contento")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout.splitlines()[-1]), result.stderr


def test_a_text_alone(tmp_path: Path) -> None:
    found, said = explain("--text", "It broke. Terrible!", "--steps", "4", "--html", str(tmp_path / "page.html"))
    assert [word["word"] for word in found["words"]] == ["It", "broke", ".", "Terrible", "!"]
    assert [tower["tower"] for tower in found["towers"]] == ["text"]
    assert found["value"] < found["empty"]
    assert "Terrible" in said
    assert "Terrible" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_an_event_of_a_data_set() -> None:
    data = "simulated:steady?events=300&users=16&items=16&seed=2"
    found, said = explain("--data", data, "--event", "sim2-299", "--target", "churn", "--steps", "1")
    assert found["target"] == "churn"
    assert found["value"] == pytest.approx(found["score"]["outcomes"]["churn"])
    assert found["events"][0]["event"]["event_id"] == "sim2-299"
    assert len(found["events"]) > 5
    assert "past events" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what"),
        (["--text", "a", "--user", "u"], "say what"),
        (["--text", " "], "--text is empty"),
        (["--data", "simulated:steady"], "--data and --event belong together"),
        (["--user", "u"], "--user and --item belong together"),
    ],
)
def test_what_is_asked_for_must_be_clear(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main.app, ["explain", *arguments], prog_name="contento")
    assert result.exit_code == 2
    assert message in result.output


def test_an_event_that_is_not_there_is_named() -> None:
    result = CliRunner().invoke(
        main.app, ["explain", "--data", "simulated:steady?events=20&seed=2", "--event", "nothing"], prog_name="contento"
    )
    assert isinstance(result.exception, ContentoError)
    assert "has no event 'nothing': give the id of one of its events; its last is 'sim2-19'" in str(result.exception)

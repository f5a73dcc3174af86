from dataclasses import replace
from typing import Any

import pytest

from contento.contracts.messages import Severity
from contento.learning.drift.detector import Change
from contento.learning.drift.finding import Finding, as_state, from_state
from contento.learning.drift.wording import alert_of, severity_of

CHANGE = Change(
    rise=0.1,
    before=0.2,
    before_deviation=0.2,
    before_samples=4_000,
    after=0.3,
    after_deviation=0.2,
    after_samples=400,
    begin=1_736_121_600_000,
    evidence=1e6,
)


def found(family: Any, subject: str, *, segment: str = "", **change: float) -> Finding:
    return Finding(
        family=family,
        subject=subject,
        segment=segment,
        batch=1,
        change=replace(CHANGE, **change),  # type: ignore[arg-type]
        time_ms=1_736_125_200_000,
        event_id="e",
        bundle="b",
    )


@pytest.mark.parametrize(
    ("finding", "severity"),
    [
        (found("error", "rating"), Severity.SEVERITY_PAGE),
        (found("error", "rating", rise=-0.1, after=0.1), Severity.SEVERITY_NOTICE),
        (found("error", "rating", rise=0.03, after=0.23), Severity.SEVERITY_TICKET),
        (found("error", "rating", after_samples=10), Severity.SEVERITY_TICKET),
        (found("error", "purchase"), Severity.SEVERITY_PAGE),
        (found("bias", "rating", before=0.5, after=0.6), Severity.SEVERITY_PAGE),
        (found("bias", "rating", before=0.4, after=0.5), Severity.SEVERITY_NOTICE),
        (found("bias", "rating", rise=-0.1, before=0.5, after=0.4), Severity.SEVERITY_PAGE),
        (found("coverage", "rating"), Severity.SEVERITY_PAGE),
        (found("missing", "text", rise=0.8, after=1.0), Severity.SEVERITY_NOTICE),
        (found("scores", "satisfaction"), Severity.SEVERITY_NOTICE),
    ],
)
def test_only_quality_that_became_much_worse_pages(finding: Finding, severity: Severity) -> None:
    assert severity_of(finding) == severity


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (found("error", "rating"), "Ratings are off by 1.20 stars instead of 0.80 stars since 2025-01-06 00:00 UTC."),
        (
            found("error", "purchase", segment="de"),
            "Errors of purchase rose from 0.20 to 0.30 in segment de since 2025-01-06 00:00 UTC.",
        ),
        (
            found("bias", "rating", before=0.5, after=0.4, rise=-0.1),
            "Ratings given are -0.80 stars from the predicted ones on average instead of 0.00 stars since",
        ),
        (found("coverage", "rating"), "30 % of ratings lie outside their interval instead of 20 % since"),
        (found("mix", "view"), "Events of type view rose from 20 % to 30 % since"),
        (found("unseen", "user"), "Users not seen before rose from 20 % to 30 % of scores since"),
        (found("scores", "rating"), "Predicted rating rose from 1.80 stars to 2.20 stars since"),
        (found("scores", "width"), "Intervals of ratings widened from 0.80 stars to 1.20 stars since"),
        (found("representation", "2"), "What the model sees of users has moved since"),
        (found("missing", "image"), "Outage: image missing; without image are 30 % of scores instead of 20 % since"),
        (
            found("repeats", "review", rise=-0.1, before=0.3, after=0.2),
            "Spam burst over: review texts that repeat recent ones or come in haste fell from 30 % to 20 % since",
        ),
    ],
)
def test_a_summary_is_one_sentence_with_both_figures(finding: Finding, said: str) -> None:
    assert alert_of(finding).summary.startswith(said)


def test_estimates_are_in_the_unit_of_the_summary() -> None:
    alert = alert_of(found("bias", "rating", before=0.5, after=0.6))
    assert alert.before.value == pytest.approx(0.0)
    assert alert.before.samples == 4_000
    assert alert.after.value == pytest.approx(0.8)
    assert alert.after.upper - alert.after.lower == pytest.approx(8 * 2 * 1.96 * 0.2 / 20)
    assert alert.confidence == pytest.approx(100 / 101)


def test_what_else_changed_and_where_and_what_was_before_are_said() -> None:
    others = [found("scores", "rating"), found("representation", "1"), found("representation", "2")]
    said = alert_of(found("mix", "view"), others, where=["a", "b"], cause="Outage: text missing.").summary
    assert "in segments a, b since" in said
    assert "With it changed: predicted rating, users' representations." in said
    assert said.endswith("Shortly before: Outage: text missing.")
    assert alert_of(found("error", "rating"), where=["a"]).segment == "a"


def test_a_change_is_never_dated_after_it_was_found() -> None:
    alert = alert_of(found("error", "rating", begin=1_736_999_999_000))
    assert alert.change_time.ToMilliseconds() == alert.detected_time.ToMilliseconds()


def test_a_finding_outlives_a_restart() -> None:
    finding = replace(found("repeats", "review"), texts=["a"], item_id="i", users=3)
    assert from_state(as_state(finding)) == finding

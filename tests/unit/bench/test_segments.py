import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from crowd import SMALL, Crowd
from typer.testing import CliRunner

from contento.bench import scores as bench_scores
from contento.bench.segments import SegmentsBenchError, bench_segments, rotated
from contento.cli.main import app
from contento.contracts.messages import Score
from contento.contracts.validation import time_ms
from contento.model.bundle import load_bundle
from contento.model.store import default_store, read_live
from contento.training.readers import open_source

GROUPS = {f"u{number}": f"group {number % 3}" for number in range(60)}


def test_planted_groups_are_found_again_and_users_stay_where_they_are() -> None:
    reports: list[tuple[str, int, int]] = []
    figures = bench_segments(
        list(Crowd(60, 3).scores(3_000)), GROUPS, options=SMALL, report=lambda *args: reports.append(args)
    )
    assert (figures.groups, figures.segments, figures.users) == (3, 3, 60)
    assert figures.same_after_restart
    assert 0 < figures.median_microseconds < figures.microseconds < 1_000 * figures.longest_ms
    (agreement,) = figures.agreement  # no user has 80 events
    assert (agreement.least_events, agreement.users) == (30, 60)
    assert agreement.ari >= 0.95
    assert agreement.representation_ari >= 0.95  # what is planted there is found there
    assert agreement.representation_probe >= 0.95
    control, change = figures.bundle_changes
    assert (control.kind, change.kind) == ("none", "rotated")
    assert control.users == change.users == 60
    assert min(control.kept, control.kept_end, change.kept, change.kept_end, change.as_without) >= 0.95
    assert control.as_without == 1
    assert {"segmenting", "restart", "rotated bundle", "none bundle"} == {name for name, _, _ in reports}
    last = {name: (done, total) for name, done, total in reports}
    assert all(done == total for done, total in last.values())


def test_groups_that_are_in_nothing_are_not_found() -> None:
    rng = np.random.default_rng(0)
    groups = {user: str(rng.integers(3)) for user in GROUPS}
    (agreement,) = bench_segments(list(Crowd(60, 3).scores(3_000)), groups, options=SMALL).agreement
    assert abs(agreement.ari) < 0.1
    assert agreement.representation_probe < 0.6


def test_a_rotation_keeps_angles_and_changes_the_bundle() -> None:
    before = list(Crowd(20, 2).scores(50))
    after = rotated(before, seed=3)
    first, second = (np.array([score.user_representation for score in scores]) for scores in (before, after))
    assert np.abs(first - second).mean() > 0.3
    products = [(each @ each.T).ravel() for each in (first, second)]
    assert np.corrcoef(products)[0, 1] > 0.95
    assert {score.bundle for score in after} != {score.bundle for score in before}
    assert [score.event_id for score in after] == [score.event_id for score in before]


def test_a_short_log_is_refused_with_what_to_do() -> None:
    with pytest.raises(SegmentsBenchError, match=r"50 scores of .* users are too few for segments: give a longer log"):
        bench_segments(list(Crowd(20, 2).scores(50)), {})


def test_scores_are_those_of_the_bundle_in_the_order_of_the_events() -> None:
    store = default_store()
    bundle = load_bundle(store / read_live(store)["serving"])
    found: list[int] = []
    scores = list(
        bench_scores.scores_of(open_source("simulated:steady?events=300&users=20"), bundle, advance=found.append)
    )
    assert {score.event_id for score in scores} == {f"sim7-{number}" for number in range(300)}
    assert sum(found) == 300
    times = [time_ms(score.event_time) for score in scores]
    assert times == sorted(times)
    assert {score.bundle for score in scores} == {bundle.hash}
    assert all(len(score.user_representation) == bundle.config.network.user_dimension for score in scores)
    assert any(tensor.name == "factors" for score in scores for tensor in score.features.tensors)
    assert scores[-1].segment in {"it", "de", "us", "br"}


def test_the_command_prints_a_table_and_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def crowd(*_: object, **__: Any) -> Iterator[Score]:
        return Crowd(60, 3, words=True).scores(5_000)

    monkeypatch.setattr(bench_scores, "scores_of", crowd)
    done = CliRunner().invoke(app, ["bench", "segments", "--data", "simulated:steady?events=300&users=20", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["data"] == "simulated:steady?events=300&users=20"
    assert figures["segments"] == 3
    assert figures["other"] is None
    assert figures["same_after_restart"]
    assert len(figures["descriptions"]) == 3
    assert "segments found" in done.stderr
    assert "the same after a restart: yes" in done.stderr

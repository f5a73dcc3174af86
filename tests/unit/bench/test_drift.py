import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from typer.testing import CliRunner

from contento.bench.drift import FIRST_SEED, bench_drift, judge
from contento.bench.drift_detectors import DETECTORS, Alarm, watch_segments, watch_values
from contento.bench.drift_elec2 import bench_elec2
from contento.bench.drift_plot import drift_svg
from contento.bench.drift_streams import STREAMS, Drift, Elec2, Stream, read_elec2
from contento.cli.main import app
from contento.training.data_error import DataError

KEYS = {"stream", "detector", "delay", "missed", "false_alarms_per_100k", "f1", "us_per_sample"}


def stream_of(*drifts: Drift) -> Stream:
    return Stream(values=np.zeros(100), drifts=drifts)


def test_the_first_alarm_after_a_drift_finds_it_and_all_others_are_false() -> None:
    stream = stream_of(Drift(begin=20, end=20), Drift(begin=60, end=60))
    judged = judge([Alarm(sample=at) for at in (5, 25, 30, 70)], stream)
    assert (judged.delays, judged.false, judged.drifts) == ([5, 10], 2, 2)


def test_alarms_while_a_ramp_rises_are_not_false() -> None:
    stream = stream_of(Drift(begin=20, end=50))
    assert judge([Alarm(sample=at) for at in (25, 40, 50)], stream).false == 1


def test_an_alarm_of_another_segment_finds_nothing() -> None:
    stream = stream_of(Drift(begin=20, end=20, segment="s0"))
    judged = judge([Alarm(sample=30, segment="s1"), Alarm(sample=40, segment="s0")], stream)
    assert (judged.delays, judged.false, judged.placed) == ([20], 1, 1)
    assert judge([Alarm(sample=30)], stream).placed == 0


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_drawn_as_said(name: str) -> None:
    first, second = (STREAMS[name].draw(np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert not np.array_equal(first.values, STREAMS[name].draw(np.random.default_rng(4)).values)
    assert first.values.min() >= 0
    assert first.values.max() <= 1
    assert all(0 < drift.begin <= drift.end < len(first.values) for drift in first.drifts)
    assert len(first.drifts) == {"none": 0, "recurring": 5, "shifts": 50}.get(name, 1)


def test_the_local_drift_is_in_one_segment() -> None:
    stream = STREAMS["local"].draw(np.random.default_rng(3))
    assert stream.segments is not None
    late = np.arange(len(stream.values)) >= 10_000
    rate = {segment: stream.values[late & (stream.segments == segment)].mean() for segment in range(10)}
    assert rate[0] > 0.35
    assert max(rate[segment] for segment in range(1, 10)) < 0.25


def test_every_detector_is_measured_and_fires_on_a_great_step() -> None:
    generator = np.random.default_rng(1)
    values = np.concatenate((generator.random(600) < 0.05, generator.random(400) < 0.95)).astype(float)
    stream = Stream(values=values, drifts=(Drift(begin=600, end=600),))
    for name, make in DETECTORS.items():
        watched = watch_values(make, stream)
        assert judge(watched.alarms, stream).delays, name
        assert watched.samples == 1_000
    assert len(watch_values(DETECTORS["always"], stream).alarms) == 10


def test_detectors_by_segment_see_their_own_segment_only() -> None:
    values = np.tile((0.0, 0.0, 1.0), 500)
    values[900::3] = 1.0
    segments = np.tile((0, 1, 2), 500)
    alarms = watch_segments(DETECTORS["ours"], Stream(values=values, segments=segments)).alarms
    assert {alarm.segment for alarm in alarms} - {""} == {"s0"}


def test_figures_of_a_step_and_of_nothing() -> None:
    reports: list[tuple[int, int]] = []
    figures = bench_drift(
        ["step", "none"],
        seeds=2,
        first_seed=5,
        detectors=["ours", "always"],
        report=lambda done, total: reports.append((done, total)),
    )
    found = {(each.stream, each.detector): each for each in figures}
    ours, dummy = found["step", "ours"], found["step", "always"]
    assert ours.delay is not None
    assert 50 < ours.delay < 250
    assert (ours.missed, ours.f1, ours.false_alarms_per_100k) == (0.0, 1.0, 0.0)
    assert dummy.f1 == pytest.approx(2 * 2 / (2 + 78 + 2))
    assert dummy.false_alarms_per_100k == pytest.approx(78 / 8_000 * 1e5)
    assert (found["none", "ours"].delay, found["none", "ours"].f1) == (None, None)
    assert reports[-1] == (len(figures) * 2, len(figures) * 2)


def test_half_missed_has_no_median() -> None:
    (adwin,) = bench_drift(["shifts"], seeds=2, first_seed=3, detectors=["ADWIN"])
    assert adwin.missed is not None
    assert adwin.missed > 0.5
    assert adwin.delay is None
    assert adwin.f1 is not None
    assert 0 < adwin.f1 < 1


def test_small_shifts_are_found_better_than_by_always_firing() -> None:
    ours, dummy = bench_drift(["shifts"], seeds=2, first_seed=3, detectors=["ours", "always"])
    assert ours.f1 is not None
    assert dummy.f1 == pytest.approx(0.4)
    assert ours.f1 > 0.6


def test_all_our_monitors_place_a_local_drift_before_a_detector_of_everything_finds_it() -> None:
    ours, adwin = bench_drift(["local"], seeds=2, first_seed=3, detectors=["ours-all", "ADWIN"])
    assert ours.placed == 1.0
    assert ours.delay is not None
    assert ours.delay < 2_500
    assert adwin.delay is None or adwin.delay > 2 * ours.delay


def elec2_file(path: Path, rows: str) -> Path:
    path.write_text("date,day,nswprice,class\n" + rows, encoding="utf-8")
    return path


def test_elec2_is_read_and_a_wrong_file_named(tmp_path: Path) -> None:
    data = read_elec2(elec2_file(tmp_path / "elec2.csv", "0,2,0.5,UP\n0,2,0.25,DOWN\n"))
    assert data.up == [True, False]
    assert data.features[1] == {"day": 2.0, "nswprice": 0.25}
    with pytest.raises(DataError, match=r"line 3.*UP and DOWN"):
        read_elec2(elec2_file(tmp_path / "wrong.csv", "0,2,0.5,UP\n0,2,0.25,SIDEWAYS\n"))
    with pytest.raises(DataError, match="the CSV of Elec2"):
        read_elec2(tmp_path / "absent.csv")


def test_on_a_flipped_concept_starting_over_pays() -> None:
    generator = np.random.default_rng(2)
    values = generator.normal(size=3_000)
    up = [bool(value > 0) != (place >= 1_500) for place, value in enumerate(values)]
    data = Elec2(features=[{"x": value} for value in values], up=up)
    figures = {each.detector: each for each in bench_elec2(data, detectors=["ours"])}
    assert figures["none"].alarms == 0
    assert figures["ours"].alarms >= 1
    assert figures["ours"].accuracy > figures["none"].accuracy + 0.1
    assert 0.4 < figures["last class"].accuracy < 0.6


def test_the_command_prints_a_table_and_json_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    elec2 = elec2_file(
        tmp_path / "e.csv", "".join(f"0,{n % 7},{n % 5},{'UP' if n % 3 else 'DOWN'}\n" for n in range(60))
    )
    picture = tmp_path / "drift.svg"
    options = [
        "--streams",
        "step,elec2",
        "--seeds",
        "1",
        "--detectors",
        "ours,ours-all,ADWIN",
        "--elec2",
        str(elec2),
        "--plot",
        str(picture),
        "--json",
    ]
    shown = CliRunner().invoke(app, ["bench", "drift", *options], catch_exceptions=False)
    assert shown.exit_code == 0
    told = json.loads(shown.stdout.splitlines()[-1])
    assert told["first_seed"] == FIRST_SEED
    assert all(set(row) >= KEYS for row in told["figures"])
    assert {row["stream"] for row in told["figures"]} == {"step", "elec2"}
    assert {"ours", "ours-all", "ADWIN"} == {row["detector"] for row in told["figures"] if row["stream"] == "step"}
    assert "ADWIN" in shown.stderr
    lines = [line for line in shown.stderr.splitlines() if not line.startswith("picture: ")]
    assert max(map(len, lines)) <= 80
    assert ET.parse(picture).getroot().tag.endswith("svg")
    assert "prefers-color-scheme: dark" in picture.read_text(encoding="utf-8")


def test_without_its_file_elec2_is_left_out_and_said_so() -> None:
    shown = CliRunner().invoke(app, ["bench", "drift", "--streams", "elec2"], catch_exceptions=False)
    assert "elec2: left out; give its file with --elec2" in shown.stdout
    assert CliRunner().invoke(app, ["bench", "drift", "--streams", "nonsense"]).exit_code == 2
    assert CliRunner().invoke(app, ["bench", "drift", "--detectors", "nonsense"]).exit_code == 2


def test_the_same_figures_are_the_same_picture() -> None:
    figures = bench_drift(["step"], seeds=2, first_seed=5, detectors=["ours", "ADWIN"])
    assert drift_svg(figures) == drift_svg(figures)
    assert drift_svg([]).startswith("<svg")

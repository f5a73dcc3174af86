from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_in_scores import scored_and_judged

from contento.bench.drift_messages import messages
from contento.bench.drift_streams import STREAMS, Stream
from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import DriftAlert, DriftKind, Score, Severity
from contento.learning.drift.monitor import Monitor
from contento.learning.drift.segments import SEGMENTS, Segments
from contento.learning.drift.signals import UPDATES_PER_SAMPLE
from contento.learning.drift.watch import DriftWatch
from contento.learning.judged import Judged
from contento.training.readers import open_source

Record = Score | Judged


@cache
def simulated(spec: str) -> tuple[list[Record], int, int]:
    """Return the records of a scenario and when its drift begins and ends, unix ms; 0 without one."""
    source = open_source(f"simulated:{spec}")
    records = list(scored_and_judged(source))
    drifts = source.truth.drifts  # type: ignore[attr-defined]
    return records, drifts[0].start_ms if drifts else 0, (drifts[0].end_ms or 0) if drifts else 0


def tell(watch: DriftWatch, record: Record) -> list[DriftAlert]:
    return watch.scored(record) if isinstance(record, Score) else watch.judged(record)


def alerts_of(records: Iterable[Record], watch: DriftWatch | None = None) -> list[DriftAlert]:
    watch = watch or DriftWatch()
    return [alert for record in records for alert in tell(watch, record)]


def drawn(
    kind: str, seed: int, count: int | None = None, *, rates: Callable[[Stream], Stream] = lambda stream: stream
) -> list[Record]:
    """Return the messages of the first errors of a stream, a score and its judgement each."""
    generator = np.random.default_rng(seed)
    stream = STREAMS[kind].draw(generator)
    segments = stream.segments if stream.segments is None else stream.segments[:count]
    stream = rates(Stream(values=stream.values[:count], segments=segments))
    return [record for pair in messages(stream, generator) for record in pair]


@pytest.mark.parametrize("seed", [7, 10])
def test_an_outage_is_named_before_labels_say_anything(seed: int) -> None:
    records, begin, end = simulated(f"outage?events=14000&seed={seed}")
    alerts = alerts_of(records)
    assert not [alert for alert in alerts if alert.detected_time.ToMilliseconds() < begin]
    first = alerts[0]
    assert first.summary.startswith("Outage: text and image missing; without text are ")
    assert "instead of 0 %" in first.summary
    assert (first.monitor, first.tower, first.kind) == ("missing/text", "text", DriftKind.DRIFT_KIND_INPUT)
    assert first.severity == Severity.SEVERITY_NOTICE
    assert first.detected_time.ToMilliseconds() - begin < 3 * 3_600_000
    assert abs(first.change_time.ToMilliseconds() - begin) < 3_600_000
    assert first.before.upper < 0.05
    assert first.after.lower > 0.5
    assert "Check what sends text and image." in first.action
    over = [alert for alert in alerts if alert.summary.startswith("Outage over")]
    assert len(over) == 1
    assert over[0].detected_time.ToMilliseconds() > end
    assert [alert.monitor.split("/")[0] for alert in alerts].count("missing") == 2


@pytest.mark.parametrize("seed", [7, 8])
def test_a_spam_burst_is_named_with_its_texts_before_labels_say_anything(seed: int) -> None:
    records, begin, _ = simulated(f"spam?events=14000&seed={seed}")
    alerts = alerts_of(records)
    first = alerts[0]
    assert first.summary.startswith("Spam burst: ")
    assert "of review texts repeat recent ones or come in haste" in first.summary
    assert (first.monitor, first.kind) == ("repeats/review", DriftKind.DRIFT_KIND_INPUT)
    assert first.severity == Severity.SEVERITY_NOTICE
    assert first.detected_time.ToMilliseconds() > begin
    spam = ("profile for 90% off", "stars 5 stars 5", "-deals.example", "make money from home")
    assert any(words in text for text in first.evidence for words in spam)
    assert first.item_group
    assert not [alert for alert in alerts[1:] if alert.summary.startswith("Spam burst: ")]


def test_a_steady_shop_raises_nothing_without_labels() -> None:
    records, _, _ = simulated("steady?events=14000&seed=7")
    assert alerts_of(record for record in records if isinstance(record, Score)) == []


def test_a_general_step_is_one_alert_that_pages() -> None:
    for seed in (1, 2, 3):
        watch = DriftWatch()
        alerts = alerts_of(drawn("step", seed), watch)
        assert len(alerts) == 1, seed
        alert = alerts[0]
        assert (alert.segment, alert.severity, alert.kind) == ("", Severity.SEVERITY_PAGE, DriftKind.DRIFT_KIND_ERROR)
        assert alert.before.lower < 0.2 < alert.before.upper
        assert alert.after.value == pytest.approx(0.4, abs=0.1)
        assert alert.confidence > 0.9
        assert watch.suppressed >= 1  # bias has seen it too


def test_a_local_step_is_one_alert_that_names_the_segment() -> None:
    alerts = alerts_of(drawn("local", 5, 15_000))
    assert [alert.segment for alert in alerts] == ["s0"]
    assert "in segment s0 since 2025-01-06" in alerts[0].summary
    assert alerts[0].monitor in {"error/purchase/s0", "bias/purchase/s0"}
    assert alerts[0].detected_time.seconds - alerts[0].change_time.seconds < 2_500
    # 10,000 seconds, a sample each, from the beginning of the world to the step
    assert alerts[0].change_time.seconds - 1_736_121_600 == pytest.approx(10_000, abs=700)


def test_an_outage_shortly_before_is_named_as_what_may_have_made_quality_worse() -> None:
    records = drawn("step", 1)
    for record in records[3_000:6_000]:
        if isinstance(record, Score):
            record.missing_towers[:] = ["text", "image"]
    outage, error = alerts_of(records[:6_000])
    assert outage.summary.startswith("Outage: text")
    assert error.kind == DriftKind.DRIFT_KIND_ERROR
    assert f"Shortly before: {outage.summary}" in error.summary


def test_errors_that_fall_are_a_notice() -> None:
    def falling(stream: Stream) -> Stream:
        return Stream(values=stream.values[::-1])

    alerts = alerts_of(drawn("step", 4, rates=falling))
    assert [alert.severity for alert in alerts] == [Severity.SEVERITY_NOTICE]
    assert "fell" in alerts[0].summary
    assert alerts[0].action.startswith("Nothing: quality became better")


def test_twenty_thousand_messages_without_drift_raise_nothing() -> None:
    assert alerts_of(drawn("none", 1, 10_000)) == []


def test_messages_make_no_more_updates_than_the_budget_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    updates = 0.0
    add = Monitor.add

    def counted(monitor: Monitor, value: float, time_ms: int) -> object:
        nonlocal updates
        updates += 1 / monitor.batch
        return add(monitor, value, time_ms)

    monkeypatch.setattr(Monitor, "add", counted)
    watch = DriftWatch()
    score: list[float] = []
    judged: list[float] = []
    for record in drawn("none", 1, 3_000):
        before = updates
        tell(watch, record)
        (score if isinstance(record, Score) else judged).append(updates - before)
    # A label may end the visit of another user, but of a visit's labels no more are heard than there are.
    assert max(np.cumsum(judged) / np.arange(1, len(judged) + 1)) <= UPDATES_PER_SAMPLE
    assert np.mean(score[2_100:]) <= 3.3


def test_the_candidate_is_left_to_the_rollout() -> None:
    watch = DriftWatch()
    for record in drawn("none", 1, 10):
        score = record if isinstance(record, Score) else record.score
        score.arm = "candidate"
        assert tell(watch, record) == []
    assert watch.changed() == {}


def test_another_bundle_may_score_otherwise() -> None:
    records = [record for record in drawn("none", 1, 4_500) if isinstance(record, Score)]
    for record in records[3_000:]:
        record.bundle = "another"
        record.satisfaction.value *= 0.5
        record.rating.mean = 1 + (record.rating.mean - 1) * 0.5
    assert alerts_of(records) == []
    for record in records[3_000:]:
        record.bundle = "b"
    shown = alerts_of(records)
    assert [alert.kind for alert in shown] == [DriftKind.DRIFT_KIND_SCORES]


@pytest.mark.parametrize("corrected", [True, False])
def test_what_ratings_have_taught_is_no_drift_of_scores(*, corrected: bool) -> None:
    watch, alerts = DriftWatch(), list[DriftAlert]()
    for number, record in enumerate(drawn("none", 1, 4_000)):
        if isinstance(record, Score):
            if corrected:
                record.rating.bundle_distribution.extend([0.1, 0.1, 0.2, 0.3, 0.3])
            if number > 4_000:
                record.rating.mean, record.rating.lower, record.rating.upper = 2.0, 1.5, 2.5
            alerts += watch.scored(record)
    assert {alert.monitor for alert in alerts} == (set() if corrected else {"scores/rating"})


def test_alerts_are_the_same_of_the_same_messages() -> None:
    first, second = alerts_of(drawn("step", 1)), alerts_of(drawn("step", 1))
    assert [alert.SerializeToString(deterministic=True) for alert in first] == [
        alert.SerializeToString(deterministic=True) for alert in second
    ]
    assert len(first[0].alert_id) == 32
    assert first[0].alert_id != alerts_of(drawn("step", 2))[0].alert_id


@cache
def eventful() -> tuple[list[Record], list[list[bytes]], dict[str, bytes]]:
    """Messages with an outage and a burst, the alerts after each, and the entries at the end."""
    records = drawn("step", 1, 3_500)[2_000:7_000]
    for place, record in enumerate(records):
        if isinstance(record, Score) and 2_000 < place < 3_000:
            record.missing_towers[:] = ["text", "image"]
        if isinstance(record, Score) and place > 3_500 and not record.missing_towers:
            record.features.text = record.features.text_key = "same"
    watch = DriftWatch(threshold=2_000)
    told = [[alert.SerializeToString(deterministic=True) for alert in tell(watch, record)] for record in records]
    return records, told, {name: entry for name, entry in watch.changed().items() if entry is not None}


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.lists(st.integers(0, 4_999), min_size=1, max_size=3, unique=True).map(sorted))
def test_restored_at_any_moment_it_goes_on_to_the_same_bytes(cuts: list[int]) -> None:
    records, told, entries = eventful()
    assert sum(map(len, told)) >= 3  # else the test would say little
    kept: dict[str, bytes] = {}
    watch = DriftWatch(threshold=2_000)
    for place, record in enumerate(records):
        alerts = [alert.SerializeToString(deterministic=True) for alert in tell(watch, record)]
        assert alerts == told[place]
        if place in cuts:
            keep(kept, watch)
            watch = DriftWatch(threshold=2_000)
            watch.restore(kept)
    keep(kept, watch)
    assert kept == entries


def keep(kept: dict[str, bytes], watch: DriftWatch) -> None:
    for name, entry in watch.changed().items():
        if entry is None:
            kept.pop(name, None)
        else:
            kept[name] = entry


def test_only_what_changed_is_written() -> None:
    watch = DriftWatch()
    records = drawn("none", 1, 3_001)
    alerts_of(records[:-1], watch)
    everything = watch.changed()
    assert watch.changed() == {}
    tell(watch, records[-1])
    few = watch.changed()
    assert set(few) < set(everything)
    assert {name for name in few if not name.startswith("monitor/")} == {"watch"}
    assert sum(len(entry or b"") for entry in everything.values()) < 400_000


def test_segments_are_bounded_and_silent_ones_make_room() -> None:
    segments = Segments()
    for number in range(40):
        assert segments.see(f"s{number}", number) is None
    assert sum(f"s{number}" in segments for number in range(40)) == SEGMENTS
    for sample in range(1_000, 60_000, 1_000):
        segments.see("s1", sample)
    assert segments.see("late", 60_000) == "s0"
    assert "late" in segments
    assert "s0" not in segments
    assert "s1" in segments


def test_a_single_segment_is_everywhere() -> None:
    segments = Segments()
    segments.see("all", 1)
    assert "all" not in segments
    segments.see("other", 2)
    assert "all" in segments


def test_a_segment_that_made_room_leaves_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contento.learning.drift.segments._SILENT", 100)
    watch = DriftWatch()
    watch._segments = Segments(2)
    watch._segments.see("another", 120)
    records = [record for record in drawn("none", 1, 300) if isinstance(record, Score)]
    for record in records:
        record.segment = "old" if record.event_time.seconds - records[0].event_time.seconds < 50 else "new"
    alerts_of(iter(records[:50]), watch)
    name = 'monitor/["scores", "satisfaction", "old"]'
    assert watch.changed()[name]
    alerts_of(iter(records[50:]), watch)
    changed = watch.changed()
    assert changed[name] is None
    assert changed['monitor/["scores", "satisfaction", "new"]']


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("watch", b'{"format":2}'),
        ("watch", b'{"format":1}'),
        ("watch", b"no json"),
        ("unheard-of", b'{"format":1}'),
        ("monitor/x", b'{"format":2}'),
        ("monitor/x", b'{"format":1,"family":"none","subject":"","segment":""}'),
        ("seen/user", b'{"format":1,"set":"x"}'),
    ],
)
def test_a_foreign_entry_is_refused_with_what_to_do(name: str, entry: bytes) -> None:
    with pytest.raises(StateFormatError, match=r"expected format 1, .*warm up anew"):
        DriftWatch().restore({name: entry})

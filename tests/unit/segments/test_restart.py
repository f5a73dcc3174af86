"""What is restored goes on to the same bytes as what was never interrupted."""

import pytest
from crowd import SMALL, Crowd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import Score
from contento.segments.segmenter import Assignment, Segmenter

SCORES = list(Crowd(40, 2, words=True).scores(700)) + list(Crowd(60, 3, seed=1, words=True).scores(700))


def keep(kept: dict[str, bytes], segmenter: Segmenter) -> None:
    for name, value in segmenter.changed().items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value


def run(scores: list[Score], commits: list[int], crashes: set[int]) -> tuple[list[Assignment | None], dict[str, bytes]]:
    """Play scores, commit after some of them, and start anew from what is kept at some of the commits."""
    segmenter, kept, answers = Segmenter(SMALL), dict[str, bytes](), list[Assignment | None]()
    for place, score in enumerate(scores):
        answers.append(segmenter.scored(score))
        if place in commits:
            keep(kept, segmenter)
            if place in crashes:
                segmenter = Segmenter(SMALL)
                segmenter.restore(dict(reversed(kept.items())))
    keep(kept, segmenter)
    return answers, kept


PLAIN = run(SCORES, [], set())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.integers(0, len(SCORES) - 1), max_size=6), st.data())
def test_restored_is_as_never_interrupted(commits: set[int], data: st.DataObject) -> None:
    crashes = data.draw(st.sets(st.sampled_from(sorted(commits)))) if commits else set[int]()
    answers, kept = run(SCORES, sorted(commits), crashes)
    assert answers == PLAIN[0]
    assert kept == PLAIN[1]


def test_it_is_told_what_has_changed_and_no_more() -> None:
    segmenter, crowd = Segmenter(SMALL), Crowd(60, 2)
    for score in crowd.scores(2_100):
        segmenter.scored(score)
    segmenter.changed()
    assert segmenter.changed() == {}
    segmenter.scored(crowd.score("u3"))
    changed = segmenter.changed()
    assert set(changed) == {"user:u3", f"segment:{segmenter.segment_of('u3')}", "head", "dwell"}


def test_nothing_kept_is_a_fresh_start() -> None:
    segmenter = Segmenter(SMALL)
    segmenter.restore({})
    assert segmenter.ids == ()
    assert segmenter.changed() == {}


@pytest.mark.parametrize("entry", ["head", "dwell", "fitted", "user:u1", "segment:s1"])
def test_another_format_is_refused(entry: str) -> None:
    kept = dict(PLAIN[1])
    assert entry in kept
    kept[entry] = (
        b"\x09" + kept[entry][1:] if entry.startswith("user:") else kept[entry].replace(b'"format":1', b'"format":9')
    )
    with pytest.raises(StateFormatError, match="start with an empty"):
        Segmenter(SMALL).restore(kept)


def test_a_profile_of_another_size_is_refused() -> None:
    kept = dict(PLAIN[1])
    kept["user:u1"] = kept["user:u1"][:-4]
    with pytest.raises(StateFormatError, match="another size"):
        Segmenter(SMALL).restore(kept)

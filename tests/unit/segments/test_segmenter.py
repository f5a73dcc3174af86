from dataclasses import replace

import numpy as np
import pytest
from crowd import SIZE, SMALL, Crowd, assigned, play, purity

from contento.segments.segmenter import Segmenter


@pytest.mark.parametrize("groups", [1, 2, 3, 5])
def test_as_many_segments_are_found_as_there_are_groups(groups: int) -> None:
    crowd, segmenter = Crowd(60 * groups if groups > 1 else 120, groups), Segmenter(SMALL)
    play(segmenter, crowd, 5_000)
    assert len(segmenter.ids) == groups
    assert purity(segmenter, crowd) >= 0.97


def test_what_users_go_for_alone_tells_them_apart() -> None:
    crowd, segmenter = Crowd(90, 3, words=True), Segmenter(SMALL)
    for score in crowd.scores(4_000):
        del score.user_representation[:]
        segmenter.scored(score)
    assert len(segmenter.ids) == 3
    assert purity(segmenter, crowd) >= 0.97


def test_an_unknown_user_has_no_segment_and_a_change_is_told_once() -> None:
    crowd, segmenter = Crowd(60, 2), Segmenter(SMALL)
    assert all(segmenter.scored(score) is None for score in crowd.scores(60))
    assert segmenter.segment_of("nobody") == ""
    play(segmenter, crowd, 3_000)
    crowd.group["new"] = 1
    answers = [segmenter.scored(crowd.score("new")) for _ in range(12)]
    assert answers[:2] == [None, None]
    told = [answer for answer in answers if answer]
    assert told[0].changed
    assert sum(answer.changed for answer in told[4:]) == 0
    assert told[-1].segment == segmenter.segment_of("u1") == segmenter.segment_of("new")


def test_ids_stay_through_refits() -> None:
    crowd, segmenter = Crowd(120, 3), Segmenter(SMALL)
    play(segmenter, crowd, 4_000)
    before, changes = assigned(segmenter, crowd), segmenter.changes
    play(segmenter, crowd, 6_000)  # six fits
    after = assigned(segmenter, crowd)
    assert segmenter.changes == changes
    assert np.mean([after[user] == name for user, name in before.items()]) >= 0.98


def test_users_between_two_segments_do_not_flap() -> None:
    def moves(margin: float) -> int:
        crowd, segmenter = Crowd(80, 2), Segmenter(replace(SMALL, half_life_events=3.0, margin=margin))
        play(segmenter, crowd, 2_000)
        crowd.noise = 1.5
        return sum(answer.changed for score in crowd.scores(1_000) if (answer := segmenter.scored(score)))

    without = moves(0.0)
    assert without > 50
    assert moves(0.6) < 0.4 * without


@pytest.mark.parametrize("seed", range(3))
def test_another_bundle_with_another_space_leaves_users_where_they_are(seed: int) -> None:
    crowd, segmenter = Crowd(150, 3, seed=seed), Segmenter(SMALL)
    play(segmenter, crowd, 4_000)
    before, ids = assigned(segmenter, crowd), segmenter.ids
    rng = np.random.default_rng(seed)
    crowd.turn = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0]
    crowd.bundle, crowd.noise = "bundle-2", 0.5
    play(segmenter, crowd, 200)
    assert segmenter.bundle == "bundle-1"  # too few have been seen by the new one
    kept = assigned(segmenter, crowd)
    assert np.mean([kept[user] == name for user, name in before.items()]) == 1
    play(segmenter, crowd, 5_000)
    assert segmenter.bundle == "bundle-2"
    assert segmenter.ids == ids
    after = assigned(segmenter, crowd)
    assert np.mean([after[user] == name for user, name in before.items()]) >= 0.97


def test_a_representation_of_another_length_is_taken_too() -> None:
    crowd, segmenter = Crowd(90, 3), Segmenter(SMALL)
    play(segmenter, crowd, 3_000)
    before = assigned(segmenter, crowd)
    for score in crowd.scores(4_000):
        score.bundle = "wider"
        score.user_representation.extend([0.5, -0.5])
        segmenter.scored(score)
    after = assigned(segmenter, crowd)
    assert segmenter.bundle == "wider"
    assert np.mean([after[user] == name for user, name in before.items()]) >= 0.97


def test_a_split_is_recorded_and_the_larger_part_keeps_the_id() -> None:
    crowd, segmenter = Crowd(160, 2), Segmenter(SMALL)
    play(segmenter, crowd, 4_000)
    assert len(segmenter.ids) == 2
    old, other = segmenter.segment_of("u0"), segmenter.segment_of("u1")
    leaving = [user for user, group in crowd.group.items() if group == 0][:30]
    crowd.group.update(dict.fromkeys(leaving, 4))
    play(segmenter, crowd, 9_000)
    (split,) = (
        segmenter.changes[len([c for c in segmenter.changes if c.kind != "split" or old not in c.before]) :]
        or [c for c in segmenter.changes if c.kind == "split" and c.before == (old,)][-1:]
    )
    assert split.before == (old,)
    assert split.after[0] == old
    assert segmenter.segment_of(leaving[3]) == split.after[1]
    assert segmenter.segment_of("u158") == old
    assert segmenter.segment_of("u1") == other
    assert 0.1 < split.share < 0.35
    assert 1_700_000_000_000 < split.time_ms < 1_700_000_000_000 + 1_000 * (crowd.made + 1)


def test_a_merge_is_recorded_and_its_users_go_along() -> None:
    crowd, segmenter = Crowd(150, 3), Segmenter(SMALL)
    play(segmenter, crowd, 4_000)
    assert len(segmenter.ids) == 3
    gone, into = segmenter.segment_of("u2"), segmenter.segment_of("u1")
    crowd.group = {user: min(group, 1) for user, group in crowd.group.items()}
    play(segmenter, crowd, 9_000)
    assert len(segmenter.ids) == 2
    merged = segmenter.changes[-1]
    assert merged.kind == "merged"
    assert set(merged.before) == {gone, into}
    assert merged.after == (segmenter.segment_of("u1"),)
    assert purity(segmenter, crowd) >= 0.97


def test_the_one_longest_unseen_is_forgotten_first() -> None:
    segmenter = Segmenter(replace(SMALL, max_users=40))
    crowd = Crowd(80, 2)
    kept: dict[str, bytes] = {}
    for score in crowd.scores(3_000):
        segmenter.scored(score)
        kept |= {name: value for name, value in segmenter.changed().items() if value is not None}
    seen: dict[str, None] = {}
    again = Crowd(80, 2)
    for score in again.scores(3_000):
        seen.pop(score.user_id, None)
        seen[score.user_id] = None
    assert assigned(segmenter, crowd).keys() <= set(list(seen)[-40:])
    forgotten = list(seen)[:-40]
    segmenter.scored(crowd.score(forgotten[0]))
    gone = [name for name, value in segmenter.changed().items() if value is None]
    assert gone == [f"user:{list(seen)[-40]}"]


def test_an_unknown_segment_cannot_be_described() -> None:
    with pytest.raises(KeyError):
        Segmenter().describe("s9")

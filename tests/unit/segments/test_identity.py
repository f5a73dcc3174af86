import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from contento.segments.identity import identify, number_of

NOW_MS = 1_700_000_000_000


@given(st.permutations([0, 1, 2, 3]), st.integers(0, 2**32 - 1), st.floats(0, 0.2))
def test_clusters_in_another_order_keep_their_names(order: list[int], seed: int, moved: float) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(4), 50))
    old = [f"s{group + 1}" for group in truth]
    labels = np.array(order)[truth]
    away = rng.random(len(labels)) < moved
    labels[away] = rng.integers(0, 4, away.sum())
    found = identify(old, labels.tolist(), 4, known=["s1", "s2", "s3", "s4"], next_number=5, time_ms=NOW_MS)
    assert [found.names[cluster] for cluster in order] == ["s1", "s2", "s3", "s4"]
    assert not found.changes
    assert not found.successors
    assert found.next_number == 5


@given(
    st.lists(st.tuples(st.sampled_from(["", "s1", "s2", "s7"]), st.integers(0, 4)), min_size=1, max_size=80),
    st.integers(1, 5),
)
def test_names_are_distinct_and_none_is_used_twice(users: list[tuple[str, int]], count: int) -> None:
    old, labels = [name for name, _ in users], [label % count for _, label in users]
    found = identify(old, labels, count, known=["s1", "s2", "s7"], next_number=8, time_ms=NOW_MS)
    assert len(set(found.names)) == len(found.names) == count
    new = [name for name in found.names if name not in {"s1", "s2", "s7"}]
    assert all(number_of(name) >= 8 for name in new)
    assert found.next_number == 8 + len(new)
    assert set(found.successors) == {"s1", "s2", "s7"} - set(found.names)
    assert all(successor in {"", *found.names} for successor in found.successors.values())
    assert all(0 <= change.share <= 1 for change in found.changes)


def test_a_half_that_leaves_is_a_split() -> None:
    old = ["s1"] * 60 + ["s2"] * 40
    labels = [0] * 35 + [2] * 25 + [1] * 40
    found = identify(old, labels, 3, known=["s1", "s2"], next_number=3, time_ms=NOW_MS)
    assert found.names == ("s1", "s2", "s3")
    (split,) = found.changes
    assert (split.kind, split.before, split.after, split.share) == ("split", ("s1",), ("s1", "s3"), 0.25)


def test_two_that_become_one_are_a_merge_and_the_larger_keeps_its_name() -> None:
    old = ["s1"] * 20 + ["s2"] * 40 + ["s3"] * 40
    labels = [1] * 60 + [0] * 40
    found = identify(old, labels, 2, known=["s1", "s2", "s3"], next_number=4, time_ms=NOW_MS)
    assert found.names == ("s3", "s2")
    assert found.successors == {"s1": "s2"}
    (merged,) = found.changes
    assert (merged.kind, merged.before, merged.after, merged.share) == ("merged", ("s1", "s2"), ("s2",), 0.2)


def test_newcomers_are_born_and_the_scattered_are_gone() -> None:
    old = [""] * 30 + ["s1"] * 30 + ["s2"] * 30 + ["s3"] * 30 + ["s4"] * 4
    labels = [0] * 30 + [1] * 30 + [2] * 30 + [3] * 30 + [0, 1, 2, 3]
    found = identify(old, labels, 4, known=["s1", "s2", "s3", "s4"], next_number=5, time_ms=NOW_MS)
    assert found.names == ("s5", "s1", "s2", "s3")
    assert [(change.kind, change.before, change.after) for change in found.changes] == [
        ("born", (), ("s5",)),
        ("gone", ("s4",), ()),
    ]
    assert found.successors == {"s4": ""}

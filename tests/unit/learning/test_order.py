from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from contento.learning.order import TimeOrder


@dataclass(frozen=True)
class At:
    timestamp_ms: int
    name: str = ""


def names(order: TimeOrder[At], most: int = 100) -> list[str]:
    return [record.name for _, record in order.take(most)]


def test_the_oldest_comes_next_and_the_first_partition_of_equals() -> None:
    order: TimeOrder[At] = TimeOrder(["scores", "feedback"])
    order.add("feedback", [At(1, "f1"), At(5, "f5")])
    order.add("scores", [At(1, "s1"), At(3, "s3")])
    assert names(order) == ["s1", "f1", "s3"], "what scores has at 4 is not known yet"
    order.drained("scores", is_drained=True)
    assert names(order) == ["f5"]


def test_nothing_is_told_before_every_partition_is_known() -> None:
    order: TimeOrder[At] = TimeOrder(["a", "b"])
    order.add("a", [At(1, "a1")])
    assert not names(order)
    order.drained("b", is_drained=True)
    assert names(order, most=0) == []
    assert names(order) == ["a1"]
    order.drained("a", is_drained=True)
    assert names(order) == []


def test_a_partition_keeps_its_order_when_its_times_do_not() -> None:
    order: TimeOrder[At] = TimeOrder(["a", "b"])
    order.add("a", [At(9, "a9"), At(2, "a2")])
    order.add("b", [At(5, "b5")])
    order.drained("a", is_drained=True)
    order.drained("b", is_drained=True)
    assert names(order) == ["b5", "a9", "a2"]


@given(
    logs=st.lists(st.lists(st.integers(0, 20), max_size=12), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 5), min_size=1),
    most=st.integers(1, 7),
)
def test_one_log_has_one_order_however_it_comes(logs: list[list[int]], sizes: list[int], most: int) -> None:
    whole: TimeOrder[At] = TimeOrder(range(len(logs)))
    for partition, times in enumerate(logs):
        whole.add(partition, [At(time, f"{partition}-{place}") for place, time in enumerate(times)])
        whole.drained(partition, is_drained=True)
    expected = names(whole, 1000)

    piecewise: TimeOrder[At] = TimeOrder(range(len(logs)))
    found: list[str] = []
    done = [0] * len(logs)
    turn = 0
    while len(found) < len(expected):
        partition = turn % len(logs)
        size = sizes[turn % len(sizes)]
        turn += 1
        chunk = logs[partition][done[partition] : done[partition] + size]
        piecewise.add(
            partition, [At(time, f"{partition}-{done[partition] + place}") for place, time in enumerate(chunk)]
        )
        done[partition] += len(chunk)
        piecewise.drained(partition, is_drained=done[partition] == len(logs[partition]))
        found += names(piecewise, most)
    assert found == expected

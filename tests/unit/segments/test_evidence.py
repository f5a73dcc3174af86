import numpy as np
import pytest

from contento.contracts.messages import Features, RatingScore, Score, Tensor
from contento.model.interface import HISTORY_VALUES
from contento.segments.evidence import INTERESTS, LOOKS, evidence_of
from contento.segments.weighing import Weighing


def score(dwell: float | None = None, *, rating: float = 3.0, text: str = "", image: int = 0, item: str = "") -> Score:
    values = np.zeros((2, len(HISTORY_VALUES)), "<f4")
    values[0, HISTORY_VALUES.index("log_dwell")] = 9  # of an event before
    if dwell is not None:
        values[1, HISTORY_VALUES.index("log_dwell")] = np.log1p(dwell)
        values[1, HISTORY_VALUES.index("has_dwell")] = 1
    tensors = [Tensor(name="history_values", dtype="float32", shape=values.shape, data=values.tobytes())]
    if image:
        pixels = np.arange(1, image + 1, dtype="<f4")
        tensors.append(Tensor(name="image", dtype="float32", shape=[image], data=pixels.tobytes()))
    return Score(
        event_type="view", item_id=item, rating=RatingScore(mean=rating), features=Features(text=text, tensors=tensors)
    )


def test_the_event_that_is_scored_is_read() -> None:
    assert evidence_of(score()).log_dwell is None
    assert evidence_of(score(dwell=20)).log_dwell == pytest.approx(np.log(21))
    assert evidence_of(Score()).log_dwell is None


def test_words_are_distinct_and_lower_case() -> None:
    found = evidence_of(score(text="Cheap, CHEAP hand-finished tent's x 42 straße"))
    assert found.words == ("cheap", "hand-finished", "tent's", "straße")


def test_alike_texts_lie_near_and_the_sketch_of_nothing_is_nothing() -> None:
    tent, tents, sofa = (
        evidence_of(score(text=text)).interests
        for text in ("a rugged two-person tent", "a rugged three-person tent", "luxurious corner sofa bed")
    )
    assert tent.shape == (INTERESTS,)
    assert tent @ tents > 3 * abs(tent @ sofa)
    assert not evidence_of(score()).interests.any()
    item = evidence_of(score(item="i1")).interests
    assert np.linalg.norm(item) == pytest.approx(4, rel=0.5)


@pytest.mark.parametrize("length", [16, LOOKS, 512])
def test_pictures_of_any_length_are_brought_to_one(length: int) -> None:
    looks = evidence_of(score(image=length)).looks
    assert looks is not None
    assert looks.shape == (LOOKS,)
    assert np.linalg.norm(looks) == pytest.approx(1, abs=0.35)
    assert evidence_of(score()).looks is None


def test_long_dwell_and_good_ratings_weigh_more() -> None:
    weighing = Weighing()
    rng = np.random.default_rng(0)
    for dwell in np.exp(rng.normal(2, 0.5, 500)).tolist():
        weighing.weight(score(dwell), evidence_of(score(dwell)))

    def weight(dwell: float | None, rating: float) -> float:
        known = Weighing.from_bytes(weighing.to_bytes())
        made = score(dwell, rating=rating)
        return known.weight(made, evidence_of(made))

    assert weight(None, 2.0) == 0
    assert weight(None, 4.0) == pytest.approx(2)
    assert weight(np.exp(2), 3.0) == pytest.approx(1, abs=0.2)
    assert weight(np.exp(2.5), 3.0) == pytest.approx(2, abs=0.3)
    assert weight(np.exp(1.0), 3.0) == pytest.approx(-1, abs=0.4)
    assert weight(1e9, 3.0) == pytest.approx(3.5)


def test_ever_new_event_types_fill_no_memory() -> None:
    weighing = Weighing()
    for number in range(1_000):
        made = score(10)
        made.event_type = f"type {number}"
        weighing.weight(made, evidence_of(made))
    assert len(weighing.to_bytes()) < 5_000


def test_numbers_that_are_none_do_not_stay_in_sums() -> None:
    made = score(dwell=float("inf"), rating=float("nan"), image=4)
    made.features.tensors[1].data = np.array([1, np.nan, 0, 0], "<f4").tobytes()
    made.user_representation.extend([float("nan"), 0.5, float("inf")])
    found = evidence_of(made)
    assert found.representation.tolist() == [0, 0.5, 0]
    assert found.looks is None
    assert Weighing().weight(made, found) == 0

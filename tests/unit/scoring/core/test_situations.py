import numpy as np
import pytest

from contento.inference.base import LiveBundle
from contento.model.interface import TOWERS
from contento.model.rows import join_inputs
from contento.scoring.core.situations import Situation, sampled, situations
from contento.training.readers import open_source
from contento.training.train_rows import survey, training_rows

WORLD = "simulated:steady?events=1500&users=40&items=16&seed=5"


@pytest.fixture(scope="module")
def found() -> list[Situation]:
    source = open_source(WORLD)
    return list(situations(source, centre=survey([source]).centre))


def test_rows_are_those_that_training_sees(found: list[Situation]) -> None:
    source = open_source(WORLD)
    told = survey([source])
    expected = training_rows(source, told)
    labelled = [each for each in found if (each.event.user_id, each.event.event_id) in told.labelled]
    live = LiveBundle(
        bundle="b",
        encoder="e",
        text_dimension=4,
        image_dimension=told.image_dimension,
        image_encoder=told.image_encoder,
    )
    rows = join_inputs([each.row(live) for each in labelled])
    assert len(labelled) == len(expected) > 100
    assert [each.text.text for each in labelled] == expected.text.tolist()
    for name in ("history_ids", "history_values", "history_mask", "factors"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(expected, name), name)
    np.testing.assert_array_equal(rows.present, expected.present)
    assert rows.present[:, TOWERS.index("factors")].any()


def test_a_history_holds_what_came_before_and_then_the_event(found: list[Situation]) -> None:
    seen: dict[str, list[str]] = {}
    for each in found:
        before = seen.setdefault(each.event.user_id, [])
        names = [named.event_id for named in each.history]
        assert names == [*before[-32:], each.event.event_id]
        before.append(each.event.event_id)


def test_an_embedding_becomes_the_rows_text(found: list[Situation]) -> None:
    live = LiveBundle(bundle="b", encoder="e", text_dimension=3, image_dimension=0, image_encoder="")
    each = next(each for each in found if each.text.text)
    row = each.row(live, np.array([1, 0.5, -2], np.float32))
    assert row.text.tolist() == [[1, 0.5, -2]]
    assert row.encoder.tolist() == ["e"]


def test_a_sample_is_drawn_from_everywhere_and_stays_in_order(found: list[Situation]) -> None:
    place = {id(each): number for number, each in enumerate(found)}
    drawn = [[place[id(each)] for each in sampled(iter(found), 50, np.random.default_rng(seed))] for seed in range(20)]
    assert all(each == sorted(each) and len(set(each)) == 50 for each in drawn)
    assert drawn[0] != drawn[1]
    assert np.mean(drawn) == pytest.approx(len(found) / 2, rel=0.1)
    assert sampled(iter(found[:3]), 50, np.random.default_rng(0)) == found[:3]

import numpy as np

from contento.training.evaluation.slices import COLD, by_familiarity, seen_among, seen_before


def test_rows_are_sorted_by_how_often_their_user_and_item_came() -> None:
    found = by_familiarity(np.array([0, COLD - 1, COLD, COLD]), np.array([COLD, COLD, 0, COLD]))
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "cold_users": [True, True, False, False],
        "cold_items": [False, False, True, False],
        "warm": [False, False, False, True],
        "new_items": [False, False, True, False],
    }


def test_counts_are_of_rows_before_or_of_those_learned() -> None:
    assert seen_before(["a", "b", "a", "a"]).tolist() == [0, 0, 1, 2]
    assert seen_among(["a", "b", "a"], ["a", "c", "b"]).tolist() == [2, 0, 1]


def test_a_row_without_an_item_is_not_one_of_a_new_item() -> None:
    assert (seen_before(["", ""]) >= COLD).all()
    assert (seen_among([], ["", ""]) >= COLD).all()

from pathlib import Path

import numpy as np
import pytest

from contento.training.data_error import DataError
from contento.training.evaluation.ratings import EvaluationError, Ratings
from contento.training.evaluation.splits import split


def test_chronological_keeps_the_order_and_random_follows_its_seed(planted: Ratings, tmp_path: Path) -> None:
    train, test = split(planted.pairs(), "chronological:0.8", folder=tmp_path)
    assert np.array_equal(np.concatenate([train, test]), np.arange(1500))
    assert len(train) == 1200
    first, again, other = (split(planted.pairs(), "random:0.8", folder=tmp_path, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])
    assert np.array_equal(np.sort(np.concatenate(first)), np.arange(1500))


def test_files_list_users_and_items(planted: Ratings, tmp_path: Path) -> None:
    def write(name: str, positions: list[int]) -> None:
        cases = [planted.cases[each] for each in positions]
        (tmp_path / name).write_text("".join(f"u{case.user}\ti{case.item}\t3\t0\n" for case in cases))

    write("a", [4, 2, 9])
    write("b", [7])
    train, test = split(planted.pairs(), "a, b", folder=tmp_path)
    assert (train.tolist(), test.tolist()) == ([2, 4, 9], [7])
    (tmp_path / "b").write_text("u1\tnothing\t3\t0\n")
    with pytest.raises(DataError, match=r"b, line 1: field user and item: expected a rating of the data"):
        split(planted.pairs(), "a,b", folder=tmp_path)


@pytest.mark.parametrize("how", ["backwards:0.8", "random:", "random:1.5", "chronological:nan", "", "random:0.0001"])
def test_other_splits_are_refused(planted: Ratings, tmp_path: Path, how: str) -> None:
    with pytest.raises(EvaluationError, match=r"--split .*give chronological:0.8, random:0.8 or two files"):
        split(planted.pairs(), how, folder=tmp_path)

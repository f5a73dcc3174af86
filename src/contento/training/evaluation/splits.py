"""What is learned and what is predicted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.eventlog.lines import read_lines
from contento.training.data_error import DataError
from contento.training.evaluation.ratings import EvaluationError

_FORMS: Final = "chronological:0.8, random:0.8 or two files of the data's folder, TRAIN,TEST, e.g. u1.base,u1.test"

Indices = NDArray[np.int64]


def split(pairs: Sequence[tuple[str, str]], how: str, *, folder: Path, seed: int = 0) -> tuple[Indices, Indices]:
    """Return the positions of what to learn and of what to predict, each in order.

    Args:
        pairs: Of each rating or label, its (user id, item id).
        how: `chronological:SHARE` (the first share is learned), `random:SHARE`, or `TRAIN,TEST`: files of tab
            separated rows that begin with user and item.
        folder: Where those files are.
        seed: Of a random split.

    Raises:
        EvaluationError: `how` is none of these, or one part is empty.
        DataError: A file is wrong.
    """
    size = len(pairs)
    if "," in how:
        places = {pair: index for index, pair in enumerate(pairs)}
        train, test = (_listed(folder / name.strip(), places) for name in how.split(",", 1))
    else:
        kind, _, share = how.partition(":")
        learned = round(size * _share(how, share))
        if kind == "chronological":
            order = np.arange(size)
        elif kind == "random":
            order = np.random.default_rng(seed).permutation(size)
        else:
            raise EvaluationError(f"--split {how!r} is not a split: give {_FORMS}")
        train, test = np.sort(order[:learned]), np.sort(order[learned:])
    if not len(train) or not len(test):
        raise EvaluationError(f"--split {how!r} leaves {len(train)} to learn and {len(test)} to predict: give {_FORMS}")
    return train, test


def _share(how: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 < share < 1:
        raise EvaluationError(f"--split {how!r}: the share is {text!r}, not a number between 0 and 1: give {_FORMS}")
    return share


def _listed(path: Path, places: dict[tuple[str, str], int]) -> Indices:
    found = []
    for line, text in read_lines(path):
        cells = text.split("\t")
        place = places.get((cells[0], cells[1])) if len(cells) > 1 else None
        if place is None:
            raise DataError(
                path=str(path),
                line=line,
                field="user and item",
                expected="a rating of the data, tab separated",
                found=repr(text[:60]),
            )
        found.append(place)
    return np.sort(np.array(found, np.int64))

"""Random numbers one at a time, as fast as a list gives them."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BLOCK: Final = 8192


def one_by_one(block: Callable[[int], NDArray[np.generic]]) -> Callable[[], float]:
    """Return a function that gives the next number, drawn a block at a time.

    Args:
        block: Draws so many numbers, e.g. `generator.random`.
    """

    def numbers() -> Iterator[float]:
        while True:
            yield from block(_BLOCK).tolist()

    return numbers().__next__

"""One thread for small arithmetic."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside.

    The fusion network is so small that a second thread gains nothing on idle cores; on busy ones
    each of its barriers waits for the other thread's turn, and a pass takes six times as long
    (40 ms instead of 7 for 256 rows). With one thread, sums also have one order on every machine.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

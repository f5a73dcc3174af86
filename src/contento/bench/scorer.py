"""How fast rows are scored: everything of the model but the encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np

from contento.model.interface import FACTOR_VALUES, HISTORY_LENGTH, HISTORY_VALUES, TOWERS, ScorerInputs
from contento.model.serving import LiveBundles

BATCHES: Final = (1, 16, 64, 256, 1024)
ROUNDS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerFigures:
    """One size of batch.

    Attributes:
        batch: Rows of a call.
        rows_per_second: Median over the rounds.
        microseconds_per_row: The same, the other way round.
    """

    batch: int
    rows_per_second: float
    microseconds_per_row: float


def bench_scorer(
    bundles: LiveBundles,
    batches: Sequence[int] = BATCHES,
    *,
    rounds: int = ROUNDS,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[ScorerFigures]:
    """Score random rows with all towers and half-full histories, each size of batch once a round.

    Args:
        bundles: Loaded with `score`.
        batches: Sizes.
        rounds: How many.
        report: Told how many of how many rounds are done.
    """
    rows = {size: random_rows(bundles, size) for size in batches}
    seconds = np.zeros((len(batches), rounds))
    for size in batches:
        bundles.score(rows[size])  # the first call of a size pays for its allocations
    for turn in range(rounds):
        for place, size in enumerate(batches):
            start = perf_counter()
            bundles.score(rows[size])
            seconds[place, turn] = perf_counter() - start
        report(turn + 1, rounds)
    medians = np.median(seconds, axis=1)
    return [
        ScorerFigures(batch=size, rows_per_second=float(size / median), microseconds_per_row=float(median / size * 1e6))
        for size, median in zip(batches, medians, strict=True)
    ]


def random_rows(bundles: LiveBundles, count: int) -> ScorerInputs:
    """Return rows for the arm `serving` in which every tower that its bundle has is present."""
    bundle = bundles.bundle_of("serving")
    sizes = bundle.config.network
    rng = np.random.default_rng(count)
    lengths = rng.integers(1, HISTORY_LENGTH + 1, count)
    image = rng.normal(size=(count, sizes.image_dimension)).astype(np.float32) if sizes.image_dimension else None
    present = np.ones((count, len(TOWERS)), np.bool_)
    present[:, TOWERS.index("image")] = image is not None
    return ScorerInputs(
        arm=np.full(count, "serving", np.object_),
        encoder=np.full(count, bundle.config.encoder.hash, np.object_),
        text=rng.normal(size=(count, sizes.text_dimension)).astype(np.float32),
        image=image,
        history_ids=rng.integers(1, 2**63 - 1, (count, HISTORY_LENGTH, 2)),
        history_values=rng.normal(size=(count, HISTORY_LENGTH, len(HISTORY_VALUES))).astype(np.float32),
        history_mask=np.arange(HISTORY_LENGTH) >= HISTORY_LENGTH - lengths[:, None],
        factors=rng.normal(size=(count, FACTOR_VALUES)).astype(np.float32),
        present=present,
    )

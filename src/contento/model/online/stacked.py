"""The online rating model: factors, neighbours and traces, weighed against each other by boosted trees.

Every step at a rating is exact and takes microseconds. Factors, neighbours and trees are fitted anew on the past
alone, at growing counts: live, that is work for the background.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.model.online.boosting import Trees, fit_trees
from contento.model.online.case import Case, Past
from contento.model.online.neighbours import Neighbours
from contento.model.online.ridge import Prior, RidgeFactors
from contento.model.online.traces import Traces

PRIORS: Final = (
    Prior(rank=0),
    Prior(rank=6, vector=0.2),
    Prior(rank=12, vector=0.2),
    Prior(rank=12, vector=0.14, noise=0.7),
    Prior(rank=4, vector=0.3),
)
"""Members of the factors. The first has biases only; what it leaves over is what neighbours and traces explain."""
_TREES: Final = 2
"""Boosted models that are averaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the heavier parts are fitted anew.

    Attributes:
        factors_at: Ratings before factors and neighbours are first refitted.
        factors_every: Most ratings between two such.
        trees_at: Ratings before the trees are first fitted.
        trees_every: Most ratings between two such.
    """

    factors_at: int = 100
    factors_every: int = 1_000
    trees_at: int = 1_500
    trees_every: int = 5_000


class StackedOnline:
    """Predicts from factors, neighbours and traces together.

    Attributes:
        trees: What weighs them, fitted on the difference of ratings to the first feature; `None`: not yet fitted.
    """

    def __init__(
        self,
        *,
        users: int,
        items: int,
        categories: NDArray[np.float64],
        numbers: NDArray[np.float64],
        values: Sequence[int],
        seed: int = 0,
        pace: Pace | None = None,
    ) -> None:
        """Start with nothing learned.

        Args:
            users: Room for users.
            items: Room for items.
            categories: `[items, C]`, 1 where an item is of a category.
            numbers: `[items, K]`, what else is known of items (a year, a price); NaN: unknown.
            values: Number of values of each attribute of users.
            seed: Of starting vectors and trees; the same seed gives the same predictions.
            pace: How often the heavier parts are fitted anew.
        """
        self._pace = pace or Pace()
        self._seed = seed
        self._past = Past()
        self._factors = RidgeFactors(users=users, items=items, priors=PRIORS, seed=seed)
        self._by_item = Neighbours(near=items, over=users)
        self._by_user = Neighbours(near=users, over=items)
        self._traces = Traces(users=users, items=items, categories=categories, numbers=numbers, values=values)
        self.trees: Trees | None = None
        self._rows: list[NDArray[np.float32]] = []
        self._targets: list[float] = []
        self._next_factors, self._next_trees = self._pace.factors_at, self._pace.trees_at

    def predict(self, case: Case) -> float:
        """Return the expected rating, in [1, 5]; changes nothing."""
        return self._predict(self.features(case))

    def spread(self, case: Case) -> float:
        """Return how far off the factors expect to be: a standard deviation in stars, noise included."""
        _, variance = self._factors.predict(case.user, case.item)
        return float(np.sqrt(variance.mean() + PRIORS[0].noise))

    def features(self, case: Case) -> NDArray[np.float64]:
        """Return what the trees see; the first value is the mean of the factors' members."""
        expected, variance = self._factors.predict(case.user, case.item)
        return np.concatenate(
            [
                [expected[1:].mean()],
                expected,
                variance[:2],
                self._factors.biases(case.user, case.item),
                self._by_item.predict(case.item, case.user),
                self._by_user.predict(case.user, case.item),
                self._traces.values(case),
            ]
        )

    def learn(self, case: Case, rating: float) -> None:
        """Take the rating in: exact steps now, heavier parts when their time has come."""
        row = self.features(case)
        self._rows.append(row.astype(np.float32))
        self._targets.append(rating - row[0])
        residual = rating - row[1]
        self._factors.learn(case.user, case.item, rating)
        self._by_item.learn(case.item, case.user, residual)
        self._by_user.learn(case.user, case.item, residual)
        self._traces.learn(case, rating, residual)
        self._past.append(case, rating)
        seen = len(self._past)
        if seen >= self._next_factors:
            self.refit()
            self._next_factors = seen + _pause(seen, self._pace.factors_at, self._pace.factors_every)
        if seen >= self._next_trees:
            self.fit_trees(seeds=_TREES)
            self._next_trees = seen + _pause(seen, self._pace.trees_at, self._pace.trees_every)

    def fit(self, cases: Sequence[Case], ratings: NDArray[np.float64], sweeps: int = 12) -> None:
        """Take many ratings in at once, into a model that has learned nothing; leaves the trees as they are."""
        for case, rating in zip(cases, ratings.tolist(), strict=True):
            self._past.append(case, rating)
        self.refit(sweeps)
        user, item, _ = self._past.columns()
        residuals = ratings - self._factors.bias_only(user, item)
        for case, rating, residual in zip(cases, ratings.tolist(), residuals.tolist(), strict=True):
            self._traces.learn(case, rating, residual)

    def refit(self, sweeps: int = 1) -> None:
        """Fit factors and neighbours anew on the past."""
        self._factors.refit(self._past, sweeps)
        user, item, rating = self._past.columns()
        residual = rating - self._factors.bias_only(user, item)
        self._by_item.refit(item, user, residual)
        self._by_user.refit(user, item, residual)

    def adopt(self, rows: NDArray[np.float64], ratings: NDArray[np.float64], seeds: int) -> None:
        """Fit the trees to features `[N, F]` of ratings `[N]` that the rest had not learned, and keep these."""
        self._rows.extend(rows.astype(np.float32))
        self._targets.extend((ratings - rows[:, 0]).tolist())
        self.fit_trees(seeds)
        self._next_trees = len(self._past) + _pause(len(self._past), self._pace.trees_at, self._pace.trees_every)

    def fit_trees(self, seeds: int) -> None:
        """Fit the trees anew to all features kept, as many models as there are seeds."""
        first = self._seed
        self.trees = fit_trees(np.array(self._rows), np.array(self._targets), seeds=range(first, first + seeds))

    def _predict(self, row: NDArray[np.float64]) -> float:
        correction = self.trees.predict(row) if self.trees else 0.0
        return float(min(max(row[0] + correction, 1.0), 5.0))


def _pause(seen: int, least: int, most: int) -> int:
    """Return the ratings until the next fit: a tenth of what is there, within bounds."""
    return min(most, max(least, seen // 10))

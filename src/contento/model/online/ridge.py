"""Ridge factors: biases and vectors of several ranks and priors at once, exact at every rating.

A rating is `centre + user bias + item bias + user vector . item vector + noise`. With one side held fixed the
other is a Bayesian linear regression, so a step is one recursive least squares update (a Kalman update) of each
side's mean and covariance. A refit on the past is one sweep of variational Bayes (Lim and Teh 2007, "Variational
Bayesian approach to movie rating prediction"): alternating least squares that also counts how unsure the other
side is. The members differ in rank and priors only, so every operation is one over all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from contento.model.online.case import Past

_USER, _ITEM = 0, 1
_ABSENT = 1e-9
"""Prior variance of the entries that a member of lower rank does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What a member believes before it has seen a rating.

    Attributes:
        rank: Length of the vectors; 0: biases only.
        user_bias: Variance of a user's bias, in stars squared.
        item_bias: Variance of an item's bias.
        vector: Variance of an entry of a vector.
        noise: Variance of a rating round its expectation.
    """

    rank: int
    user_bias: float = 0.2
    item_bias: float = 0.3
    vector: float = 0.07
    noise: float = 0.85


class RidgeFactors:
    """Biases and vectors of all users and items, by member.

    Attributes:
        centre: Rating that biases are measured from.
        members: Number of members, M.
    """

    def __init__(self, *, users: int, items: int, priors: Sequence[Prior], seed: int, centre: float = 3.5) -> None:
        """Start with the priors.

        Args:
            users: Room for users.
            items: Room for items.
            priors: One per member.
            seed: Of the small vectors that items start with: with zeros on both sides no vector would move.
            centre: Rating that the first prediction is.
        """
        self.centre = centre
        self.members = len(priors)
        width = 1 + max(prior.rank for prior in priors)
        self._noise = np.array([prior.noise for prior in priors])
        self._prior = np.full((2, self.members, width), _ABSENT)
        for member, prior in enumerate(priors):
            self._prior[:, member, 1 : prior.rank + 1] = prior.vector
            self._prior[_USER, member, 0] = prior.user_bias
            self._prior[_ITEM, member, 0] = prior.item_bias
        self._mean = [np.zeros((size, self.members, width)) for size in (users, items)]
        start = np.random.default_rng(seed).normal(size=(items, self.members, width)) * np.sqrt(self._prior[_ITEM]) / 2
        self._mean[_ITEM][:, :, 1:] = start[:, :, 1:]
        identity = np.eye(width)
        self._covariance = [
            np.tile(self._prior[side][:, :, None] * identity, (size, 1, 1, 1))
            for side, size in enumerate((users, items))
        ]

    def predict(self, user: int, item: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return each member's expectation and its variance without the noise, each `[M]`."""
        mine, theirs = self._mean[_USER][user], self._mean[_ITEM][item]
        x, y = _row(theirs), _row(mine)
        expected = self.centre + theirs[:, 0] + (x * mine).sum(1)
        variance = _quadratic(self._covariance[_USER][user], x) + _quadratic(self._covariance[_ITEM][item], y)
        return expected, variance

    def biases(self, user: int, item: int) -> tuple[float, float]:
        """Return the biases of the first member."""
        return float(self._mean[_USER][user, 0, 0]), float(self._mean[_ITEM][item, 0, 0])

    def bias_only(self, user: NDArray[np.int64], item: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what centre and biases of the first member expect, `[N]`."""
        expected: NDArray[np.float64] = self.centre + self._mean[_USER][user, 0, 0] + self._mean[_ITEM][item, 0, 0]
        return expected

    def learn(self, user: int, item: int, rating: float) -> None:
        """Step both sides, each against the other as it was before."""
        mine, theirs = self._mean[_USER][user], self._mean[_ITEM][item]
        x, y = _row(theirs), _row(mine)
        error = rating - self.centre - theirs[:, 0] - (x * mine).sum(1)
        for side, index, row in ((_USER, user, x), (_ITEM, item, y)):
            covariance = self._covariance[side][index]
            gain = (covariance @ row[:, :, None])[:, :, 0]
            spread = self._noise + (row * gain).sum(1)
            self._mean[side][index] += gain * (error / spread)[:, None]
            covariance -= gain[:, :, None] * (gain / spread[:, None])[:, None, :]

    def refit(self, past: Past, sweeps: int = 1) -> None:
        """Re-estimate everything on all past ratings, starting from what is there."""
        user, item, rating = past.columns()
        self.centre = float(rating.mean())
        shape = (len(self._mean[_USER]), len(self._mean[_ITEM]))
        count = csr_matrix((np.ones(len(user)), (user, item)), shape=shape)
        total = csr_matrix((rating - self.centre, (user, item)), shape=shape)
        for _ in range(sweeps):
            self._sweep(_USER, count, total)
            self._sweep(_ITEM, count.T.tocsr(), total.T.tocsr())

    def _sweep(self, side: int, count: csr_matrix, total: csr_matrix) -> None:
        other, covariance = self._mean[1 - side], self._covariance[1 - side]
        size, members, width = other.shape
        rows = other.copy()
        rows[:, :, 0] = 1
        squares = rows[:, :, :, None] * rows[:, :, None, :]
        squares[:, :, 1:, 1:] += covariance[:, :, 1:, 1:]
        offset = other[:, :, :1] * rows
        offset[:, :, 1:] += covariance[:, :, 0, 1:]
        gram = (count @ squares.reshape(size, -1)).reshape(-1, members, width, width)
        moment = (total @ rows.reshape(size, -1) - count @ offset.reshape(size, -1)).reshape(-1, members, width)
        gram /= self._noise[:, None, None]
        diagonal = np.arange(width)
        gram[:, :, diagonal, diagonal] += 1 / self._prior[side]
        self._covariance[side] = np.linalg.inv(gram)
        moment /= self._noise[:, None]
        self._mean[side] = (self._covariance[side] @ moment[:, :, :, None])[:, :, :, 0]


def _row(other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the regressors `[M, D]` that the other side is: 1 for the bias, then its vector."""
    row = other.copy()
    row[:, 0] = 1
    return row


def _quadratic(matrix: NDArray[np.float64], row: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = ((matrix @ row[:, :, None])[:, :, 0] * row).sum(1)
    return found

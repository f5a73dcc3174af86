"""Neighbours: what the same user left over on items that go together, or the same item with users who do.

Residuals are those of the biases. Two ids are near when residuals at what they have in common agree in sign and
size: the mean product, shrunk towards 0 where little is shared, is a covariance (Bell and Koren 2007, "Scalable
collaborative filtering with jointly derived neighborhood interpolation weights").
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

_SHRINK: Final = 20.0
"""Shared ratings at which a covariance counts for half."""
_FEW: Final = 20
NEIGHBOUR_VALUES: Final = 4
"""Length of `Neighbours.predict`."""


class Neighbours:
    """Covariances between all pairs of one side, over the ids of the other side that they share."""

    def __init__(self, *, near: int, over: int) -> None:
        """Start empty.

        Args:
            near: Room for ids that are neighbours of each other; memory is 8 bytes times its square.
            over: Room for ids that they share.
        """
        self._products = np.zeros((near, near), np.float32)
        self._shared = np.zeros((near, near), np.float32)
        self._history = [_History() for _ in range(over)]

    def predict(self, near: int, over: int) -> NDArray[np.float64]:
        """Return residuals that the neighbours of `near` at `over` suggest.

        Returns:
            Sum of covariance times residual over the sum of covariances; the same over the nearest
            few; the same with squared covariances; the sum of covariances.
        """
        ids, residuals = self._history[over].ids, self._history[over].residuals
        if not len(ids):
            return np.zeros(NEIGHBOUR_VALUES)
        weight = self._products[near][ids] / (self._shared[near][ids] + _SHRINK)
        strength = np.abs(weight)
        value = weight * residuals
        total = float(strength.sum())
        square = float((strength * strength).sum())
        found = np.empty(NEIGHBOUR_VALUES)
        found[0] = value.sum() / (total + 0.3)
        found[2] = (strength * value).sum() / (square + 0.02)
        found[3] = total
        if len(ids) > _FEW:
            best = np.argpartition(strength, -_FEW)[-_FEW:]
            found[1] = value[best].sum() / (strength[best].sum() + 0.3)
        else:
            found[1] = found[0]
        return found

    def learn(self, near: int, over: int, residual: float) -> None:
        """Add a residual, in stars."""
        history = self._history[over]
        ids = history.ids
        products = self._products[near, ids] + residual * history.residuals
        shared = self._shared[near, ids] + 1
        self._products[near, ids] = self._products[ids, near] = products
        self._shared[near, ids] = self._shared[ids, near] = shared
        history.append(near, residual)

    def refit(self, near: NDArray[np.int64], over: NDArray[np.int64], residual: NDArray[np.float64]) -> None:
        """Start anew from all past residuals `[N]`, as a better model of today sees them."""
        shape = (len(self._history), len(self._products))
        left = csr_matrix((residual.astype(np.float32), (over, near)), shape=shape)
        count = csr_matrix((np.ones(len(near), np.float32), (over, near)), shape=shape)
        self._products = np.asarray((left.T @ left).todense())
        self._shared = np.asarray((count.T @ count).todense())
        order = np.argsort(over, kind="stable")
        ends = np.searchsorted(over[order], np.arange(len(self._history) + 1))
        for index, history in enumerate(self._history):
            rows = order[ends[index] : ends[index + 1]]
            history.replace(near[rows], residual[rows])


class _History:
    """Ids and residuals of one id of the other side, in arrays that grow by doubling."""

    __slots__ = ("_ids", "_residuals", "_size")

    def __init__(self) -> None:
        self._ids, self._residuals, self._size = np.empty(0, np.int64), np.empty(0, np.float32), 0

    @property
    def ids(self) -> NDArray[np.int64]:
        return self._ids[: self._size]

    @property
    def residuals(self) -> NDArray[np.float32]:
        return self._residuals[: self._size]

    def append(self, index: int, residual: float) -> None:
        if self._size == len(self._ids):
            room = max(8, self._size)
            self._ids = np.append(self._ids, np.zeros(room, np.int64))
            self._residuals = np.append(self._residuals, np.zeros(room, np.float32))
        self._ids[self._size], self._residuals[self._size] = index, residual
        self._size += 1

    def replace(self, ids: NDArray[np.int64], residuals: NDArray[np.float64]) -> None:
        self._ids, self._residuals, self._size = ids.copy(), residuals.astype(np.float32), len(ids)

"""Boosted trees over features, and a fast walk through them for one row at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits


class Trees:
    """Trees as flat arrays; all are walked down at once, a level a step.

    scikit-learn's own `predict` checks and copies its input for a millisecond, whatever the number of rows;
    this takes about a tenth of that for one.
    """

    def __init__(self, models: Sequence[HistGradientBoostingRegressor]) -> None:
        """Take the trees of fitted models; their mean is what `predict` returns."""
        nodes, roots, size = [], [], 0
        for model in models:
            for (tree,) in model._predictors:  # noqa: SLF001 - there is no public way to the nodes
                roots.append(size)
                nodes.append((tree.nodes, size))
                size += len(tree.nodes)
        self._roots = np.array(roots)
        self._members = len(models)
        self._baseline = float(np.mean([np.ravel(model._baseline_prediction)[0] for model in models]))  # noqa: SLF001
        leaf = np.concatenate([each["is_leaf"] for each, _ in nodes]).astype(bool)
        own = np.arange(size)
        self._value = np.concatenate([each["value"] for each, _ in nodes])
        self._feature = np.concatenate([each["feature_idx"] for each, _ in nodes])
        self._threshold = np.where(leaf, np.inf, np.concatenate([each["num_threshold"] for each, _ in nodes]))
        self._missing_left = np.concatenate([each["missing_go_to_left"] for each, _ in nodes]).astype(bool)
        left, right = (np.concatenate([each[side] + start for each, start in nodes]) for side in ("left", "right"))
        # A leaf leads to itself, so that shallow trees wait for deep ones.
        self._next = np.stack([np.where(leaf, own, right), np.where(leaf, own, left)], axis=1).astype(np.int64)
        self._depth = int(max(each["depth"].max() for each, _ in nodes))

    def predict(self, row: NDArray[np.float64]) -> float:
        """Return the prediction for features `[F]`; NaN is a missing value."""
        node = self._roots
        missing = np.isnan(row)
        for _ in range(self._depth):
            feature = self._feature[node]
            left = (row[feature] <= self._threshold[node]) | (missing[feature] & self._missing_left[node])
            node = self._next[node, left.view(np.int8)]
        return self._baseline + float(self._value[node].sum()) / self._members


def fit_trees(rows: NDArray[np.float64], target: NDArray[np.float64], *, seeds: Sequence[int]) -> Trees:
    """Fit boosted trees to targets `[N]` on features `[N, F]`, one model per seed.

    Each split looks at a random third of the features, so that models of other seeds err elsewhere
    and their mean errs less.
    """
    # scikit-learn's threads spin while they wait, which costs more than they bring on busy cores.
    with threadpool_limits(limits=1):
        return Trees([_model(seed).fit(rows, target) for seed in seeds])


def _model(seed: int) -> Any:
    return HistGradientBoostingRegressor(
        learning_rate=0.05,
        max_iter=150,
        max_leaf_nodes=12,
        min_samples_leaf=60,
        l2_regularization=10.0,
        max_features=0.33,
        early_stopping=False,
        random_state=seed,
    )

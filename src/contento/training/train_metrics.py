"""How good a network is on rows it has not seen, beside the baselines that say nothing."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from contento.model.calibration import Calibration, moments
from contento.model.interface import TOWERS
from contento.model.network import Network
from contento.training.evaluation.metrics import macro_f1, surprise
from contento.training.train_fit import Dataset, outputs_of

Metrics = dict[str, Any]


def evaluate(
    network: Network, train: Dataset, test: Dataset, calibration: Calibration, outcome_names: tuple[str, ...]
) -> Metrics:
    """Return all metrics on the test rows; baselines come from the training rows.

    `without` holds the same with one tower taken away, `only` with all others taken away.
    """
    metrics: Metrics = {"rows": len(test), **_scores(network, train, test, ())}
    rating = outputs_of(network, test).rating.softmax(-1).numpy()
    truth = test.rating.numpy()
    rated = np.isfinite(truth)
    if rated.any():
        ends = calibration.interval(rating[rated])
        inside = (truth[rated] >= ends[:, 0]) & (truth[rated] <= ends[:, 1])
        metrics["rating"]["interval"] = {
            "stated": calibration.coverage,
            "coverage": float(inside.mean()),
            "width": float((ends[:, 1] - ends[:, 0]).mean()),
        }
    metrics["outcomes"] = _outcomes(network, train, test, outcome_names)
    present = [tower for column, tower in enumerate(TOWERS) if test.inputs(_all(test)).present[:, column].any()]
    metrics["without"] = {tower: _scores(network, train, test, (tower,)) for tower in present}
    metrics["only"] = {
        tower: _scores(network, train, test, tuple(other for other in TOWERS if other != tower)) for tower in present
    }
    return metrics


def root_mean_square(network: Network, data: Dataset) -> float:
    """Return the root mean square error in stars; without ratings, that of the probabilities of what there is."""
    outputs = outputs_of(network, data)
    rated, told = data.rating.isfinite(), data.satisfaction >= 0
    if rated.any():
        expected, _ = moments(outputs.rating.softmax(-1).numpy()[rated.numpy()])
        error = torch.from_numpy(expected) - data.rating[rated]
    elif told.any():
        shares = outputs.satisfaction.softmax(-1)[told]
        error = shares - torch.nn.functional.one_hot(data.satisfaction[told], shares.shape[1])
    else:
        known = data.outcomes.isfinite()
        error = outputs.outcomes.sigmoid()[known] - data.outcomes[known]
    return float(error.pow(2).mean().sqrt())


def _scores(network: Network, train: Dataset, test: Dataset, without: tuple[str, ...]) -> Metrics:
    outputs = outputs_of(network, test, without)
    scores: Metrics = {}
    truth, known = test.rating.numpy(), train.rating.numpy()
    rated = np.isfinite(truth)
    if rated.any():
        mean, _ = moments(outputs.rating.softmax(-1).numpy()[rated])
        error = mean - truth[rated]
        base = np.nanmean(known) - truth[rated]
        scores["rating"] = {
            "n": int(rated.sum()),
            "rmse": float(np.sqrt((error**2).mean())),
            "mae": float(np.abs(error).mean()),
            "rmse_of_mean": float(np.sqrt((base**2).mean())),
            "mae_of_mean": float(np.abs(base).mean()),
        }
    labels, seen = test.satisfaction.numpy(), train.satisfaction.numpy()
    told = labels >= 0
    if told.any() and (seen >= 0).any():
        predicted = outputs.satisfaction.argmax(-1).numpy()[told]
        majority = np.full(int(told.sum()), np.bincount(seen[seen >= 0]).argmax())
        scores["satisfaction"] = {
            "n": int(told.sum()),
            "macro_f1": macro_f1(labels[told], predicted),
            "accuracy": float((labels[told] == predicted).mean()),
            "macro_f1_of_majority": macro_f1(labels[told], majority),
            "accuracy_of_majority": float((labels[told] == majority).mean()),
        }
    return scores


def _outcomes(network: Network, train: Dataset, test: Dataset, names: tuple[str, ...]) -> Metrics:
    """Return log loss beside that of the training rate, per outcome."""
    probabilities = outputs_of(network, test).outcomes.sigmoid().numpy()
    metrics: Metrics = {}
    for column, name in enumerate(names):
        truth, known = test.outcomes.numpy()[:, column], train.outcomes.numpy()[:, column]
        told = np.isfinite(truth)
        if told.any() and np.isfinite(known).any():
            metrics[name] = {
                "n": int(told.sum()),
                "rate": float(truth[told].mean()),
                "log_loss": _log_loss(truth[told], probabilities[told, column]),
                "log_loss_of_rate": _log_loss(truth[told], np.full(int(told.sum()), np.nanmean(known))),
            }
    return metrics


def _log_loss(truth: NDArray[np.float32], probability: NDArray[np.float32]) -> float:
    shares = np.stack([1 - probability, probability], axis=1).astype(np.float64)
    return float(surprise(shares, truth.astype(np.int64)).mean())


def _all(data: Dataset) -> torch.Tensor:
    return torch.arange(len(data))

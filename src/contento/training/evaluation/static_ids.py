"""Static evaluation on users and items alone: the online model, fitted offline, beside factors."""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from contento.model.online.case import Past
from contento.model.online.distribution import StarDistribution
from contento.model.online.offline import fit_offline
from contento.model.online.ridge import Prior, RidgeFactors
from contento.training.evaluation.groups import by_group
from contento.training.evaluation.metrics import Judgement, Predicted, Truth
from contento.training.evaluation.prequential_ids import our_model
from contento.training.evaluation.ratings import Ratings
from contento.training.evaluation.report import Report, silent
from contento.training.evaluation.slices import by_familiarity, seen_among
from contento.training.evaluation.splits import Indices

Predictor = Callable[[Ratings, Indices, Indices], Predicted]
_SWEEPS: Final = 12
FOLDS: Final = 5


def evaluate_ids(
    ratings: Ratings,
    train: Indices,
    test: Indices,
    *,
    groups: Sequence[str] = (),
    seed: int = 0,
    report: Report = silent,
) -> dict[str, Any]:
    """Return the metrics of ours and of the baselines on the test part.

    Args:
        ratings: All ratings.
        train: Positions of those to learn.
        test: Positions of those to predict.
        groups: Attributes by which to compare groups.
        seed: Of everything random.
        report: Told of each of `FOLDS + 1` fits of ours.

    Returns:
        By model: the figures, `seconds` to fit and predict, and `slices`; for `contento` also `groups`, if asked for.
    """
    predictors: dict[str, Predictor] = {
        "contento": partial(_contento, seed=seed, report=report),
        "mean": _mean,
        **id_baselines(seed),
    }
    asked = {name: ratings.attribute(name)[test] for name in groups}
    truth = Truth.of_ratings(ratings.ratings[test])
    users, items = np.array([(case.user, case.item) for case in ratings.cases]).T
    slices = by_familiarity(*(seen_among(ids[train].tolist(), ids[test].tolist()) for ids in (users, items)))
    found: dict[str, Any] = {}
    with threadpool_limits(limits=1):
        for name, predictor in predictors.items():
            start = perf_counter()
            judgement = Judgement(predictor(ratings, train, test), truth)
            found[name] = {
                **judgement.figures(),
                "seconds": round(perf_counter() - start, 3),
                "slices": judgement.by_slice(slices),
            }
            if name == "contento":
                found[name]["model"] = "online"
                if asked:
                    found[name]["groups"] = by_group(judgement, asked, seed=seed)
    return found


def id_baselines(seed: int) -> dict[str, Predictor]:
    """Return the baselines that know users and items, by name."""
    return {
        "bias": partial(_factors, prior=Prior(rank=0), seed=seed),
        "matrix_factorisation": partial(_factors, prior=Prior(rank=12, vector=0.2), seed=seed),
    }


def _mean(ratings: Ratings, train: Indices, test: Indices) -> Predicted:
    return Predicted(rating=np.full(len(test), ratings.ratings[train].mean()))


def _factors(ratings: Ratings, train: Indices, test: Indices, *, prior: Prior, seed: int) -> Predicted:
    model = RidgeFactors(users=len(ratings.user_ids), items=len(ratings.item_ids), priors=[prior], seed=seed)
    past = Past()
    for index in train:
        past.append(ratings.cases[index], float(ratings.ratings[index]))
    model.refit(past, _SWEEPS)
    asked = (ratings.cases[index] for index in test)
    return Predicted(rating=np.clip([model.predict(case.user, case.item)[0][0] for case in asked], 1, 5))


def _contento(ratings: Ratings, train: Indices, test: Indices, *, seed: int, report: Report) -> Predicted:
    model = fit_offline(
        lambda: our_model(ratings, seed),
        [ratings.cases[index] for index in train],
        ratings.ratings[train],
        seed=seed,
        folds=FOLDS,
        report=lambda more: report("fits", more, FOLDS + 1),
    )
    asked = [ratings.cases[index] for index in test]
    expected = np.array([model.predict(case) for case in asked])
    stars = StarDistribution()
    shares = [stars.distribution(mean, model.spread(case)) for mean, case in zip(expected.tolist(), asked, strict=True)]
    return Predicted(rating=expected, distribution=np.array(shares))

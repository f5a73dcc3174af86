from functools import cache

import numpy as np
import pytest

from contento.model.online.case import Case
from contento.model.online.offline import fit_offline
from contento.model.online.stacked import Pace, StackedOnline
from contento.training.evaluation.ratings import Ratings, read_ratings
from contento.training.readers import open_source

PACE = Pace(factors_at=200, factors_every=400, trees_at=600, trees_every=600)


@cache
def ratings() -> Ratings:
    return read_ratings(open_source("simulated:steady?events=40000&users=300&items=120&seed=3"))


def made(seed: int = 0) -> StackedOnline:
    data = ratings()
    return StackedOnline(
        users=len(data.user_ids),
        items=len(data.item_ids),
        categories=data.categories,
        numbers=data.numbers,
        values=[len(each) for each in data.attributes.values()],
        seed=seed,
        pace=PACE,
    )


def run(model: StackedOnline, count: int) -> list[float]:
    found = []
    for case, rating in zip(ratings().cases[:count], ratings().ratings.tolist(), strict=False):
        found.append(model.predict(case))
        model.learn(case, rating)
    return found


def rmse(predicted: list[float], truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((np.array(predicted) - truth) ** 2)))


def test_it_beats_the_mean_by_far_and_its_seed_decides() -> None:
    model = made()
    predicted = run(model, len(ratings().cases))
    later, truth = predicted[800:], ratings().ratings[800:]
    assert model.trees is not None
    assert rmse(later, truth) < 0.9 * truth.std()
    assert run(made(), 900) == predicted[:900]
    assert run(made(seed=1), 900) != predicted[:900]


def test_no_prediction_depends_on_what_comes_later() -> None:
    data = ratings()
    one, other = made(), made()
    predicted = []
    for case, rating in zip(data.cases[:700], data.ratings.tolist(), strict=False):
        predicted.append(one.predict(case))
        one.learn(case, rating)
    changed = data.ratings.copy()
    changed[650:] = 6 - changed[650:]
    for index, case in enumerate(data.cases[:700]):
        expected = other.predict(case)
        if index <= 650:
            assert expected == predicted[index]
        other.learn(case, float(changed[index]))
    assert other.predict(data.cases[700]) != one.predict(data.cases[700])


def test_predicting_changes_nothing_not_even_for_strangers() -> None:
    asked, silent = made(), made()
    for case, rating in zip(ratings().cases[:300], ratings().ratings.tolist(), strict=False):
        for stranger in range(5):
            asked.predict(Case(user=stranger, item=stranger, time=case.time, attributes=case.attributes))
        asked.learn(case, rating)
        silent.learn(case, rating)
    case = ratings().cases[300]
    assert asked.predict(case) == silent.predict(case)


def test_the_first_prediction_is_the_middle_and_its_spread_is_wide() -> None:
    model = made()
    first = ratings().cases[0]
    assert model.predict(first) == pytest.approx(3.5, abs=0.3)
    before = model.spread(first)
    run(model, 1000)
    assert model.spread(first) < before


def test_fitted_offline_it_beats_its_own_factors_on_later_ratings() -> None:
    data = ratings()
    cut = len(data.cases) * 4 // 5
    model = fit_offline(made, data.cases[:cut], data.ratings[:cut], trees=2)
    truth = data.ratings[cut:]
    predicted = [model.predict(case) for case in data.cases[cut:]]
    factors = [float(model.features(case)[0]) for case in data.cases[cut:]]
    assert rmse(predicted, truth) < rmse(factors, truth) < truth.std()


def test_fitted_offline_it_learns_on_and_keeps_what_its_trees_were_fitted_to() -> None:
    data = ratings()
    cut = len(data.cases) * 4 // 5
    model = fit_offline(made, data.cases[:cut], data.ratings[:cut], trees=1)
    fitted = model.trees
    for case, rating in zip(data.cases[cut:], data.ratings[cut:].tolist(), strict=True):
        model.learn(case, rating)
    assert model.trees is fitted  # too few new ratings for new trees
    assert len(model._rows) == len(model._targets) == len(data.cases)

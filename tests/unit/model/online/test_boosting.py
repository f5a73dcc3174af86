import numpy as np
import pytest

from contento.model.online.boosting import Trees, _model, fit_trees


def data(rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(rows, 5))
    features[rng.random((rows, 5)) < 0.1] = np.nan
    target = np.nan_to_num(features[:, 0]) * np.where(np.isnan(features[:, 1]), -1, 1) + rng.normal(0, 0.1, rows)
    return features, target


def test_the_fast_walk_predicts_what_scikit_learn_predicts_missing_values_included() -> None:
    features, target = data()
    models = [_model(seed).fit(features, target) for seed in (0, 1)]
    expected = np.mean([model.predict(features[:200]) for model in models], axis=0)
    trees = Trees(models)
    assert [trees.predict(row) for row in features[:200]] == pytest.approx(expected, abs=1e-9)


def test_trees_learn_and_the_seed_decides() -> None:
    features, target = data()
    first, again, other = (fit_trees(features, target, seeds=[seed]) for seed in (0, 0, 1))
    rows = features[:100]
    predicted = np.array([first.predict(row) for row in rows])
    assert np.sqrt(np.mean((predicted - target[:100]) ** 2)) < 0.5 * target[:100].std()
    assert [again.predict(row) for row in rows] == predicted.tolist()
    assert [other.predict(row) for row in rows] != predicted.tolist()

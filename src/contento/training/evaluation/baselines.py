"""The baselines that every figure stands beside."""

from typing import Any

from river import optim, preprocessing, reco, stats

from contento.model.online.case import Case


class RunningMean:
    """Predicts the mean of the ratings so far; 3, the middle of the scale, before the first."""

    def __init__(self) -> None:
        """Start empty."""
        self._mean = stats.Mean()

    def predict(self, case: Case) -> float:  # noqa: ARG002 - the same for everybody
        """Return the mean."""
        return float(self._mean.get()) if self._mean.n else 3.0

    def learn(self, case: Case, rating: float) -> None:  # noqa: ARG002
        """Take a rating in."""
        self._mean.update(rating)


class RiverRecommender:
    """A recommender of River behind our interface, clipped to 1 to 5."""

    def __init__(self, model: Any, user_ids: tuple[str, ...], item_ids: tuple[str, ...]) -> None:
        """Wrap `model`; River seeds nothing by id, but shows ids as the data have them."""
        self._model: Any = preprocessing.PredClipper(model, y_min=1, y_max=5)
        self._users, self._items = user_ids, item_ids

    def predict(self, case: Case) -> float:
        """Return the expected rating."""
        return float(self._model.predict_one({}, user=self._users[case.user], item=self._items[case.item]))

    def learn(self, case: Case, rating: float) -> None:
        """Take a rating in."""
        self._model.learn_one({}, rating, user=self._users[case.user], item=self._items[case.item])


def bias() -> Any:
    """Return mean, user bias and item bias by SGD, with the settings of River's documentation."""
    return reco.Baseline(optimizer=optim.SGD(0.025), l2=0.0, initializer=optim.initializers.Zeros())


def biased_mf() -> Any:
    """Return biased matrix factorisation by SGD, with the settings of River's documentation."""
    return reco.BiasedMF(
        n_factors=10,
        bias_optimizer=optim.SGD(0.025),
        latent_optimizer=optim.SGD(0.05),
        weight_initializer=optim.initializers.Zeros(),
        latent_initializer=optim.initializers.Normal(mu=0.0, sigma=0.1, seed=73),
        l2_bias=0.0,
        l2_latent=0.0,
    )

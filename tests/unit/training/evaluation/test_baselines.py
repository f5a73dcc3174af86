import pytest

from contento.model.online.case import Case
from contento.training.evaluation.baselines import RiverRecommender, RunningMean, bias, biased_mf


def case(user: int, item: int) -> Case:
    return Case(user=user, item=item, time=0)


def test_the_mean_is_that_of_the_ratings_so_far() -> None:
    mean = RunningMean()
    assert mean.predict(case(0, 0)) == 3
    for rating in (5.0, 2.0):
        mean.learn(case(0, 0), rating)
    assert mean.predict(case(1, 1)) == pytest.approx(3.5)


@pytest.mark.parametrize("make", [bias, biased_mf])
def test_rivers_recommenders_learn_users_and_items_and_stay_on_the_scale(make: type) -> None:
    model = RiverRecommender(make(), ("u", "v"), ("a", "b"))
    for _ in range(100):
        model.learn(case(0, 0), 5.0)
        model.learn(case(1, 1), 1.0)
    assert model.predict(case(0, 0)) == pytest.approx(5, abs=0.1)
    assert model.predict(case(1, 1)) == pytest.approx(1, abs=0.1)
    assert 1 <= model.predict(case(1, 0)) < model.predict(case(0, 0)) <= 5

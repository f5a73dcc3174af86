from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from contento.training import train_metrics
from contento.training.train_metrics import root_mean_square

NAN = float("nan")


@pytest.mark.parametrize(
    ("rating", "satisfaction", "outcomes", "expected"),
    [
        ([5.0, NAN, 1.0], [0, 1, 2], [[1.0], [1.0], [1.0]], 2.0),  # stars count before the rest
        ([NAN] * 3, [2, -1, 2], [[1.0]] * 3, (2 / 3) ** 0.5),  # a sure and wrong answer is 1 off, twice in three
        ([NAN] * 3, [-1] * 3, [[0.0], [NAN], [1.0]], 0.5),
    ],
)
def test_the_error_is_of_what_there_is(
    rating: list[float],
    satisfaction: list[int],
    outcomes: list[list[float]],
    expected: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = SimpleNamespace(
        rating=torch.zeros(3, 5),  # 3 stars, always
        satisfaction=torch.tensor([[50.0, 0.0, 0.0]] * 3),
        outcomes=torch.zeros(3, 1),
    )
    monkeypatch.setattr(train_metrics, "outputs_of", lambda _network, _data: answers)
    data = SimpleNamespace(
        rating=torch.tensor(rating), satisfaction=torch.tensor(satisfaction), outcomes=torch.tensor(outcomes)
    )
    assert root_mean_square(cast("Any", None), cast("Any", data)) == pytest.approx(expected)

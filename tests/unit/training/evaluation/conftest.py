import numpy as np
import pytest

from contento.model.correction.tags import Tags
from contento.model.online.case import Case
from contento.training.evaluation.ratings import Ratings


@pytest.fixture(scope="session")
def planted() -> Ratings:
    """1,500 ratings of 40 users for 50 items: each one's bias, a shared taste, and noise."""
    rng = np.random.default_rng(0)
    users, items = rng.normal(0, 0.6, (40, 2)), rng.normal(0, 0.6, (50, 2))
    pairs = rng.permutation(40 * 50)[:1500]
    user, item = pairs // 50, pairs % 50
    expected = 3.3 + users[user, 0] + items[item, 0] + 1.5 * users[user, 1] * items[item, 1]
    return Ratings(
        user_ids=tuple(f"u{each}" for each in range(40)),
        item_ids=tuple(f"i{each}" for each in range(50)),
        cases=tuple(
            Case(user=one, item=other, time=float(index))
            for index, (one, other) in enumerate(zip(user.tolist(), item.tolist(), strict=True))
        ),
        ratings=np.clip(np.round(expected + rng.normal(0, 0.4, 1500)), 1, 5),
        categories=np.zeros((50, 0)),
        numbers=np.zeros((50, 0)),
        tags=(Tags(),) * 50,
        attributes={},
    )

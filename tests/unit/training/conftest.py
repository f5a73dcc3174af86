"""A source to train on in a second: a text says what the rating will be, the item repeats it, a user has a bias."""

from collections.abc import Iterator

import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Embedding, Feedback, Item, Outcome, Satisfaction, UserEvent

IMAGE_ENCODER = "small-world"
TEXTS = ("terrible broken useless", "it is fine", "wonderful, I love it")


class SmallWorld:
    """Events of 20 users with 12 items; each second one is rated, labelled and bought or not."""

    def __init__(self, events: int = 600, seed: int = 1, *, images: bool = True) -> None:
        self.name = f"small-world?events={events}&seed={seed}"
        self.size: int | None = events
        self._events = events
        self._seed = seed
        self._images = images

    def items(self) -> Iterator[Item]:
        rng = np.random.default_rng(self._seed)
        for number in range(12):
            item = Item(item_id=f"i{number}", title=f"Item {number}")
            if self._images:
                values = (rng.normal(size=8) + (number % 3)).tolist()
                item.image_embedding.CopyFrom(Embedding(values=values, encoder=IMAGE_ENCODER))
            yield item

    def records(self) -> Iterator[UserEvent | Feedback]:
        rng = np.random.default_rng(self._seed + 1)
        for number in range(self._events):
            user, item = int(rng.integers(20)), int(rng.integers(12))
            level = item % 3
            event = UserEvent(
                event_id=f"e{number}",
                user_id=f"u{user}",
                item_id=f"i{item}",
                type=("view", "click", "review")[level],
                time=Timestamp(seconds=1_700_000_000 + 60 * number),
                text=TEXTS[level] if number % 4 == 0 else "",
            )
            yield event
            if number % 2 == 0:
                yield from self._feedback(event, number, user, level)

    def _feedback(self, event: UserEvent, number: int, user: int, level: int) -> Iterator[Feedback]:
        def told(kind: str) -> Feedback:
            named = Feedback(feedback_id=f"f{number}{kind}", user_id=event.user_id, time=event.time)
            if number % 3:
                named.event_id = event.event_id
            else:
                named.item_id = event.item_id
            return named

        rating = told("r")
        rating.rating = min(5.0, max(1.0, 1.5 + 1.5 * level + (0.5 if user % 2 else -0.5)))
        yield rating
        label = told("s")
        label.satisfaction = (
            Satisfaction.SATISFACTION_NEGATIVE,
            Satisfaction.SATISFACTION_NEUTRAL,
            Satisfaction.SATISFACTION_POSITIVE,
        )[level]
        yield label
        outcome = told("o")
        outcome.outcome.CopyFrom(Outcome(name="purchase", happened=level == 2))
        yield outcome


@pytest.fixture(scope="session")
def small_world() -> SmallWorld:
    return SmallWorld(events=1000)

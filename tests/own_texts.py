"""Data that trains an encoder in seconds."""

from collections.abc import Iterator

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp
from tiny_encoders import WORDS

from contento.contracts.messages import Feedback, Item, UserEvent

_STARS = {"terrible": 1, "broken": 1, "useless": 2, "fine": 3, "good": 4, "love": 5, "wonderful": 5}


class OwnTexts:
    """Reviews, each with words of its own, one of which says the rating."""

    def __init__(self, events: int = 300, seed: int = 2) -> None:
        self.name = f"own-texts?events={events}&seed={seed}"
        self.size: int | None = events
        self._seed = seed

    def items(self) -> Iterator[Item]:
        return iter(())

    def records(self) -> Iterator[UserEvent | Feedback]:
        rng = np.random.default_rng(self._seed)
        filler = [word for word in WORDS if word not in _STARS and not word.startswith("w")]
        for number in range(self.size or 0):
            word = str(rng.choice(list(_STARS)))
            words = [*rng.choice(filler, 5), word, f"w{number % 40}", f"w{number // 40}"]
            time = Timestamp(seconds=1_700_000_000 + 60 * number)
            user, item = f"u{rng.integers(30)}", f"i{rng.integers(10)}"
            yield UserEvent(
                event_id=f"e{number}", user_id=user, item_id=item, type="review", time=time, text=" ".join(words)
            )
            yield Feedback(
                feedback_id=f"f{number}",
                event_id=f"e{number}",
                user_id=user,
                item_id=item,
                time=time,
                rating=_STARS[word],
            )

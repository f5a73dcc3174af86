"""The scores that a bundle gives to a data set, as the scorer would publish them, made in this process."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.messages import Score
from contento.contracts.record import InputRecord
from contento.inference.live import live_bundle
from contento.model.bundle import Bundle
from contento.model.rows import join_inputs
from contento.model.serving import LiveBundles
from contento.scoring.core.rows import Text
from contento.scoring.core.scores import build_scores
from contento.scoring.core.selection import NewEvent
from contento.scoring.core.situations import Situation, situations
from contento.training.records import Source

_ROWS: Final = 256
_TEXTS: Final = 32
_NOWHERE: Final = InputRecord(topic="", partition=0, offset=0, timestamp_ms=0, key=None, value=None, headers=())


def scores_of(
    source: Source,
    bundle: Bundle,
    *,
    segment_attribute: str = "segment",
    advance: Callable[[int], None] = lambda _count: None,
) -> Iterator[Score]:
    """Yield the score of every event, in order; ratings in between teach the online factors.

    Args:
        source: The data.
        bundle: That scores.
        segment_attribute: Event attribute that names the declared segment.
        advance: Told how many more events were scored.
    """
    model = LiveBundles({"serving": bundle}, device="cpu", encode=True, score=True)
    live = live_bundle(bundle)
    embeddings: dict[str, NDArray[np.float32]] = {}
    found = situations(source, centre=bundle.config.rating_centre)
    while batch := list(islice(found, _ROWS)):
        texts = [each.text for each in batch]
        _encode(model, texts, embeddings)
        rows = [each.row(live, embeddings.get(text.key)) for each, text in zip(batch, texts, strict=True)]
        inputs = join_inputs(rows)
        yield from build_scores(
            [_new(each) for each in batch],
            inputs,
            model.score(inputs),
            texts=texts,
            users={each.event.user_id: each.user for each in batch},
            segment_attribute=segment_attribute,
            now_ms=0,
        )
        advance(len(batch))


def _new(situation: Situation) -> NewEvent:
    return NewEvent(record=_NOWHERE, event=situation.event, before=situation.user.history)


def _encode(model: LiveBundles, texts: list[Text], embeddings: dict[str, NDArray[np.float32]]) -> None:
    """Embed the texts that are not yet, those of like length together."""
    missing = {text.key: text.text for text in texts if text.key and text.key not in embeddings}
    order = sorted(missing, key=lambda key: (len(missing[key]), key))
    for start in range(0, len(order), _TEXTS):
        turn = order[start : start + _TEXTS]
        values = model.encode([missing[key] for key in turn], ["serving"] * len(turn)).embedding
        embeddings.update(zip(turn, values, strict=True))

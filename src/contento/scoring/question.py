"""Asking about a user and an item that have not met: a score that changes nothing."""

from contento.contracts.messages import History, Score, UserEvent
from contento.contracts.record import InputRecord
from contento.model.correction.corrections import Corrections
from contento.scoring.core.correcting import correct_ratings
from contento.scoring.core.rows import build_rows, texts
from contento.scoring.core.scores import build_scores
from contento.scoring.core.selection import NewEvent
from contento.scoring.core.situations import Situation
from contento.scoring.embeddings import Embeddings
from contento.scoring.ports import EmbeddingSource
from contento.scoring.service import make_store, open_inference, wall_clock_ms
from contento.scoring.settings import ScorerSettings
from contento.state.base import ItemState

QUESTION_TYPE = "view"
"""Type of the event that is imagined: the user looks at the item."""


async def ask(settings: ScorerSettings, user: str, item: str, *, at_ms: int) -> Score:
    """Return what the model expects if the user viewed the item right after their last event.

    Args:
        settings: Where state and model are.
        user: The user's id.
        item: The item's id.
        at_ms: Time of the imagined view, unix milliseconds.
    """
    store, inference = make_store(settings), await open_inference(settings)
    try:
        users, items = await store.read([user], [item])
        event = UserEvent(event_id="question", user_id=user, item_id=item, type=QUESTION_TYPE)
        event.time.FromMilliseconds(at_ms)
        record = InputRecord(topic="", partition=0, offset=0, timestamp_ms=at_ms, key=None, value=None, headers=())
        new = [NewEvent(record=record, event=event, before=users[user].history or History())]
        found = texts(new, items)
        live = (await inference.live())["serving"]
        embeddings = await Embeddings(store, inference, _Silent(), kept=0).get(found, ["serving"], [live.encoder])
        inputs = build_rows(
            new, users=users, items=items, arms=["serving"], live=[live], texts=found, embeddings=embeddings
        )
        outputs = await inference.score(inputs)
        scores = build_scores(
            new,
            inputs,
            outputs,
            texts=found,
            users=users,
            segment_attribute=settings.segment_attribute,
            now_ms=wall_clock_ms()(),
        )
        corrections = Corrections.of(await store.rating_correction())
        correct_ratings(scores, users=users, items=items, corrections=corrections)
        return scores[0]
    finally:
        await inference.close()
        await store.close()


async def imagined(settings: ScorerSettings, user: str, item: str) -> Situation | None:
    """Return the view that `ask` would score, with the state it would be scored in; `None` for an unknown user.

    Args:
        settings: Where the state is.
        user: The user's id.
        item: The item's id.
    """
    store = make_store(settings)
    try:
        users, items = await store.read([user], [item])
    finally:
        await store.close()
    live = users[user].live
    if live is None:
        return None
    event = UserEvent(event_id="question", user_id=user, item_id=item, type=QUESTION_TYPE)
    event.time.FromMilliseconds(live.updated_ms)
    return Situation(event=event, user=users[user], item=items.get(item, ItemState()))


class _Silent:
    def embeddings(self, source: EmbeddingSource, count: int) -> None:
        """Count nothing: a question is no traffic."""

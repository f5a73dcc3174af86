"""One batch from records to effects: decode, state, embeddings, model, publish, apply.

The order makes every event count once. Scores are acknowledged by Kafka before Redis changes, and
Redis changes before the offsets are committed. A crash before the change repeats the event from the
same state: it is scored again and the same score is published again under the same event id. A crash
after it finds the event's offset applied and skips it. So `contento.scores` misses nothing, and Redis
counts nothing twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np
import structlog

from contento.contracts import headers
from contento.contracts.errors import ContentoError
from contento.contracts.messages import Item, UserEvent
from contento.contracts.record import InputRecord, OutputRecord, dead_letter, read_message
from contento.contracts.rejection import RejectedRecord
from contento.inference.base import Inference, InferenceUnavailable, LiveBundle
from contento.model.correction.corrections import Corrections
from contento.model.interface import Arm, ScorerInputs, ScorerOutputs
from contento.scoring.core.correcting import correct_ratings
from contento.scoring.core.fold import group_effects, user_effects
from contento.scoring.core.rows import Text, build_rows, texts
from contento.scoring.core.scores import build_scores
from contento.scoring.core.selection import NewEvent, Selection, select
from contento.scoring.embeddings import Embeddings
from contento.scoring.ports import ClockMs, Publisher, PublishFailed, ScorerMetrics, Stage
from contento.state.base import ItemState, StateStore, StateUnavailable, UserState

M = TypeVar("M", UserEvent, Item)
T = TypeVar("T")

log = structlog.get_logger(__name__)

MODEL_TRIES: Final = 3
RETRIABLE: Final = (StateUnavailable, InferenceUnavailable, PublishFailed)
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
LIVE_BUNDLES_FOR_MS: Final = 1000
"""How long the answer to "which bundles are live" is trusted; a wrong one costs a second try, no more."""
CORRECTION_FOR_MS: Final = 200
"""How long what users and items share of the online rating model is used; it changes slowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineOptions:
    """What an operator may choose.

    Attributes:
        segment_attribute: Event attribute that names the user's segment.
        at_risk_above: Risk from which a user is at risk, in [0, 1].
        at_risk_events: Events a user must have before they can be at risk.
        unprocessable_limit: Records in a row that may fail for no known reason before the worker stops.
    """

    segment_attribute: str = "segment"
    at_risk_above: float = 0.6
    at_risk_events: int = 3
    unprocessable_limit: int = 100


class TooManyUnprocessable(ContentoError):
    """So many records fail that the fault is ours: the worker stops before it drains the topic."""


class Pipeline:
    """Scores batches. One batch at a time: the caller acknowledges it when `process` returns."""

    def __init__(
        self,
        *,
        store: StateStore,
        inference: Inference,
        publisher: Publisher,
        embeddings: Embeddings,
        metrics: ScorerMetrics,
        clock_ms: ClockMs,
        stopwatch: Callable[[], float],
        arm_of: Callable[[str], Arm],
        options: PipelineOptions,
    ) -> None:
        """Take the parts: `stopwatch` returns seconds that only grow, `arm_of` a user's arm of the rollout."""
        self._store, self._inference, self._publisher = store, inference, publisher
        self._embeddings, self._metrics = embeddings, metrics
        self._clock_ms, self._stopwatch, self._arm_of = clock_ms, stopwatch, arm_of
        self._options = options
        self._live: dict[Arm, LiveBundle] = {}
        self._live_ms = 0
        self._corrections: Corrections | None = None
        self._corrections_ms = 0
        self._unprocessable = 0

    async def process_events(self, records: Sequence[InputRecord]) -> None:
        """Score events and return once all effects have happened; tries again until they have.

        Raises:
            TooManyUnprocessable: Nothing of the last records worked; they must not be acknowledged.
        """
        began = self._stopwatch()
        with self._timed("decode"):
            batch, letters = self._decode(records, UserEvent)
        await self._bury(letters)
        if batch:
            await self._isolating_faults(batch)
        self._metrics.batch(len(records), self._clock_ms() / 1000)
        seconds = round(self._stopwatch() - began, 4)
        log.debug("batch", records=len(records), dead_letters=len(letters), seconds=seconds)

    async def process_items(self, records: Sequence[InputRecord]) -> None:
        """Store the last state of items; a tombstone deletes. Returns once all effects have happened."""
        batch, letters = self._decode([r for r in records if r.value is not None], Item)
        await self._bury(letters)
        items = {(record.source, record.offset): item for record, item in batch}
        last: dict[str, Item | None] = {}
        for record in records:  # in their order: an item may be deleted and come back, or come and be deleted
            if record.value is None and record.key:
                last[record.key.decode(errors="replace")] = None
            elif item := items.get((record.source, record.offset)):
                last[item.item_id] = item
        if last:
            await self._persistently(lambda: self._store.store_items(last))
            self._metrics.items(len(last))

    def _decode(
        self, records: Sequence[InputRecord], message_type: type[M]
    ) -> tuple[list[tuple[InputRecord, M]], list[OutputRecord]]:
        batch, letters, now_ms = [], [], self._clock_ms()
        for record in records:
            try:
                batch.append((record, read_message(record, message_type, now_ms=now_ms)))
            except RejectedRecord as reason:
                letters.append(dead_letter(record, reason))
                self._metrics.dead_letter(record.topic, reason.code)
        return batch, letters

    async def _bury(self, letters: Sequence[OutputRecord]) -> None:
        if letters:
            await self._persistently(lambda: self._publisher.publish("dlq", letters))

    async def _isolating_faults(self, batch: Sequence[tuple[InputRecord, UserEvent]]) -> None:
        """Score a batch; when something unforeseen fails, find the records at fault and bury them alone."""
        try:
            await self._score_all(batch)
        except Exception as error:
            if len(batch) > 1:
                log.exception("batch_failed", events=len(batch), action="each of its events is tried alone")
                for each in batch:
                    await self._isolating_faults([each])
                return
            self._unprocessable += 1
            if self._unprocessable >= self._options.unprocessable_limit:
                raise TooManyUnprocessable(
                    f"{self._unprocessable} records in a row failed, the last with {error!r}: this is a fault of the "
                    "scorer or its model, not of the records: see the log, mend it and start the scorer again; "
                    "nothing is lost"
                ) from error
            record = batch[0][0]
            log.exception("event_unprocessable", topic=record.topic, partition=record.partition, offset=record.offset)
            reason = RejectedRecord(
                "unprocessable", field="", expected="an event the scorer can score", found=repr(error)
            )
            self._metrics.dead_letter(record.topic, reason.code)
            await self._bury([dead_letter(record, reason)])
        else:
            self._unprocessable = 0

    async def _score_all(self, batch: Sequence[tuple[InputRecord, UserEvent]]) -> None:
        """Score a batch in rounds: a round leaves those events over that wait for, or lost, a race for their user."""
        waiting = list(batch)
        while waiting:
            waiting = await self._persistently(partial(self._round, waiting))

    async def _round(self, batch: Sequence[tuple[InputRecord, UserEvent]]) -> list[tuple[InputRecord, UserEvent]]:
        users = sorted({event.user_id for _, event in batch})
        items = sorted({event.item_id for _, event in batch if event.item_id})
        with self._timed("state"):
            user_states, item_states = await self._store.read(users, items)
        selection = select(batch, user_states)
        conflicts: set[str] = set()
        if selection.new:
            found_texts = texts(selection.new, item_states)
            inputs, outputs = await self._ask_model(selection.new, found_texts, user_states, item_states)
            options, now_ms = self._options, self._clock_ms()
            scores = build_scores(
                selection.new,
                inputs,
                outputs,
                texts=found_texts,
                users=user_states,
                segment_attribute=options.segment_attribute,
                now_ms=now_ms,
            )
            correct_ratings(scores, users=user_states, items=item_states, corrections=await self._rating_corrections())
            with self._timed("publish"):
                await self._publisher.publish(
                    "scores",
                    [
                        OutputRecord(
                            key=each.event.user_id.encode(),
                            value=score.SerializeToString(),
                            headers=_trace(each.record),
                        )
                        for each, score in zip(selection.new, scores, strict=True)
                    ],
                )
            effects = user_effects(
                selection.new,
                scores,
                users=user_states,
                histories=selection.histories,
                at_risk_above=options.at_risk_above,
                at_risk_events=options.at_risk_events,
            )
            groups = group_effects(selection.new, scores)
            with self._timed("apply"):
                conflicts = await self._store.apply(effects, groups)
            self._report(selection, conflicts)
        self._metrics.events("duplicate", selection.duplicates)
        self._metrics.events("redelivered", selection.redelivered)
        lost = [(each.record, each.event) for each in selection.new if each.event.user_id in conflicts]
        return lost + selection.deferred

    async def _ask_model(
        self,
        new: Sequence[NewEvent],
        found_texts: Sequence[Text],
        users: Mapping[str, UserState],
        items: Mapping[str, ItemState],
    ) -> tuple[ScorerInputs, ScorerOutputs]:
        """Return the rows and the model's answers; asks again when a bundle changed its encoder meanwhile."""
        arms = [self._arm_of(each.event.user_id) for each in new]
        for _ in range(MODEL_TRIES):
            live = await self._live_bundles()
            answering = [live.get(arm) or live["serving"] for arm in arms]
            encoders = [bundle.encoder for bundle in answering]
            with self._timed("embed"):
                embeddings = await self._embeddings.get(found_texts, arms, encoders)
            wanted = {(e, t.key) for e, t in zip(encoders, found_texts, strict=True) if t.key}
            if wanted <= embeddings.keys():
                inputs = build_rows(
                    new,
                    users=users,
                    items=items,
                    arms=arms,
                    live=answering,
                    texts=found_texts,
                    embeddings=embeddings,
                )
                with self._timed("score"):
                    outputs = await self._inference.score(inputs)
                if bool(np.all((inputs.encoder == "") | (inputs.encoder == outputs.encoder))):
                    return inputs, outputs
            self._live = {}
        raise InferenceUnavailable(
            f"the model changed its encoder {MODEL_TRIES} times in a row: see which bundles are live (contento doctor)"
        )

    async def _live_bundles(self) -> Mapping[Arm, LiveBundle]:
        now_ms = self._clock_ms()
        if not self._live or now_ms - self._live_ms > LIVE_BUNDLES_FOR_MS:
            self._live, self._live_ms = await self._inference.live(), now_ms
        return self._live

    async def _rating_corrections(self) -> Corrections:
        now_ms = self._clock_ms()
        if self._corrections is None or now_ms - self._corrections_ms > CORRECTION_FOR_MS:
            self._corrections = Corrections.of(await self._store.rating_correction())
            self._corrections_ms = now_ms
        return self._corrections

    def _report(self, selection: Selection, conflicts: set[str]) -> None:
        done_ms = self._clock_ms()
        applied = [each.record for each in selection.new if each.event.user_id not in conflicts]
        self._metrics.events("scored", len(applied))
        self._metrics.latencies([max(0, done_ms - record.timestamp_ms) / 1000 for record in applied])

    async def _persistently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what an attempt gives, however often it takes: a part that is down holds the stream back."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await attempt()
            except RETRIABLE as error:
                self._metrics.retry(type(error).__name__)
                log.warning("waiting", reason=str(error), pause_s=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    @contextmanager
    def _timed(self, stage: Stage) -> Iterator[None]:
        began = self._stopwatch()
        yield
        self._metrics.stage(stage, self._stopwatch() - began)


def _trace(record: InputRecord) -> list[tuple[str, bytes]]:
    value = record.header(headers.TRACEPARENT)
    return [] if value is None else [(headers.TRACEPARENT, value)]

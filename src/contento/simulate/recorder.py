"""Where a simulated world writes down what happens, and from where it leaves in time order."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from itertools import count

from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Feedback, Outcome, Satisfaction, TextKind, UserEvent
from contento.simulate.population import Thing, User
from contento.simulate.truth import Truth, expected_rating

OUTAGE_SHARE = 0.8
"""Share of the texts that an outage takes."""


class FullError(Exception):
    """All events that were asked for have happened; the session under way ends here."""


class Recorder:
    """Makes events, with their truth, and feedback; holds them until their time comes.

    Attributes:
        truth: Where the truth of each event goes.
        outage: Whether texts and pictures are missing now.
    """

    def __init__(self, truth: Truth, limit: int, draw: Callable[[], float]) -> None:
        """Start empty; `limit` is the number of events that may happen."""
        self.truth, self.outage = truth, False
        self._limit, self._draw = limit, draw
        self._waiting: list[tuple[int, int, UserEvent | Feedback, tuple[User, int] | None]] = []
        self._order = count()
        self.last_event_ms = 0

    def event(
        self,
        now: int,
        user: User,
        session: str,
        type_: str,
        *,
        thing: Thing | None = None,
        opinion: float = float("nan"),
        text: str = "",
        text_kind: TextKind = TextKind.TEXT_KIND_ITEM,
        dwell: float | None = None,
        value: float | None = None,
        position: int | None = None,
        spam: bool = False,
        attributes: Mapping[str, str] | None = None,
    ) -> str:
        """Make an event at `now`, in ms since 1970; return its id.

        Args:
            now: When.
            user: Who; the mood must already be that after the event.
            session: In which session.
            type_: What.
            thing: With which item; its own text and picture go with the event unless `text` is given.
            opinion: What the user thinks of it, 1 to 5 and beyond; NaN without an item.
            text: What the user wrote.
            text_kind: What that is.
            dwell: Seconds spent.
            value: Money.
            position: Rank at which the item was shown, from 1.
            spam: Whether a bot made it.
            attributes: Declared beside those of user and item.

        Raises:
            FullError: There have been enough.
        """
        if len(self.truth) >= self._limit:
            raise FullError
        declared = {**user.attributes, **thing.attributes} if thing else dict(user.attributes)
        if attributes:
            declared.update(attributes)
        event_id = self.truth.add(expected_rating(opinion), user.mood, spam=spam)
        event = UserEvent(
            event_id=event_id,
            user_id=user.user_id,
            session_id=session,
            item_id=thing.message.item_id if thing else "",
            type=type_,
            time=Timestamp(seconds=now // 1000, nanos=now % 1000 * 1_000_000),
            dwell_seconds=dwell,
            value=value,
            position=position,
            attributes=declared,
        )
        words = text or (thing.text if thing else "")
        if words and not (self.outage and self._draw() < OUTAGE_SHARE):
            event.text, event.text_kind = words, text_kind
        if thing and thing.embedding and not text and not self.outage:
            event.image_embedding.CopyFrom(thing.embedding)
        self.last_event_ms = max(self.last_event_ms, now)
        heapq.heappush(self._waiting, (now, next(self._order), event, None))
        return event_id

    def rating(self, now: int, user: User, event_id: str, item_id: str, stars: int, *, named: bool = True) -> None:
        """Give a rating; it names the event, or else only user and item."""
        feedback = self._feedback(now, user, event_id, item_id, "rating")
        feedback.rating = float(stars)
        if not named:
            feedback.event_id = ""
        self._wait(now, feedback)

    def label(self, now: int, user: User, event_id: str, item_id: str, label: Satisfaction) -> None:
        """Give a satisfaction label."""
        feedback = self._feedback(now, user, event_id, item_id, "satisfaction")
        feedback.satisfaction = label
        self._wait(now, feedback)

    def outcome(self, now: int, user: User, event_id: str, item_id: str, name: str, *, happened: bool) -> None:
        """Tell whether something came of an event."""
        feedback = self._feedback(now, user, event_id, item_id, name)
        feedback.outcome.CopyFrom(Outcome(name=name, happened=happened))
        self._wait(now, feedback)

    def churn(self, now: int, user: User, event_id: str) -> None:
        """Tell, when `now` comes, whether the user has not been back since the session that ends now."""
        feedback = self._feedback(now, user, event_id, "", "churn")
        heapq.heappush(self._waiting, (now, next(self._order), feedback, (user, user.busy_until_ms)))

    def due(self, until: int | None) -> Iterator[UserEvent | Feedback]:
        """Yield, in time order, what has its time before `until`, in ms; `None`: all the rest.

        Whether a user came back after the last event is not known: no such outcome is told.
        """
        waiting = self._waiting
        while waiting and (until is None or waiting[0][0] < until):
            now, _, record, churn = heapq.heappop(waiting)
            if churn and isinstance(record, Feedback):
                if until is None and now > self.last_event_ms:
                    continue
                user, left = churn
                record.outcome.CopyFrom(Outcome(name="churn", happened=user.busy_until_ms <= left))
            yield record

    def _feedback(self, now: int, user: User, event_id: str, item_id: str, suffix: str) -> Feedback:
        return Feedback(
            feedback_id=f"{event_id}-{suffix}",
            user_id=user.user_id,
            event_id=event_id,
            item_id=item_id,
            time=Timestamp(seconds=now // 1000, nanos=now % 1000 * 1_000_000),
        )

    def _wait(self, now: int, feedback: Feedback) -> None:
        heapq.heappush(self._waiting, (now, next(self._order), feedback, None))

"""What is watched: an item, a group, a segment, a topic, or everything."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from contento.learning.sentiment.detector import FallDetector
from contento.learning.sentiment.evidence import Said
from contento.learning.sentiment.tally import Tally

Kind = Literal["everywhere", "group", "segment", "item", "topic"]

SCORED, TOLD, JUDGED = range(3)
"""The streams of a key: scores of whatever happens; scores of what people write; labels that people give."""
SOURCES: Final = ("the scores of what they do", "what they write", "the labels they give")

VISIT_MS: Final = 6 * 3_600_000
"""What one user says of one thing within a visit is one opinion, however often: its repeats are no new evidence."""
_USERS: Final = 16
"""Latest users whose repeats are known, per stream."""
_LEAST_USERS: Final = 5
_PARTS: Final[Mapping[Kind, tuple[Kind, ...]]] = {
    "everywhere": ("item", "group", "segment"), "group": ("item",), "segment": ("item",), "topic": ("item",),
    "item": (),
}  # fmt: skip
"""By what the fall of a key is broken down."""


class Watched:
    """A key with its three streams.

    Attributes:
        kind: What it is.
        id: Which one.
        group: Group of an item; empty: none is declared.
        streams: Detectors of the scored, the told and the judged stream.
        said: Unhappy texts, oldest first.
        quiet_until_ms: Until when nothing is told of it, unix milliseconds.
        touched: Rank by when it was seen last.
        name: Of its entry in the store.
    """

    __slots__ = (
        "_after_users", "_tallies", "_users", "group", "id", "kind", "name", "quiet_until_ms",
        "said", "streams", "touched",
    )  # fmt: skip

    def __init__(self, kind: Kind, id_: str, texts: int) -> None:
        """Start with nothing known; keep so many texts."""
        self.kind, self.id, self.group = kind, id_, ""
        self.name = f"{kind}/{id_}"
        self.streams = [FallDetector() for _ in SOURCES]
        self.said: deque[Said] = deque(maxlen=texts)
        self.quiet_until_ms = self.touched = 0
        self._users: list[dict[int, int]] = [{} for _ in SOURCES]
        self._after_users: list[list[int]] = [[] for _ in SOURCES]
        self._tallies: list[dict[Kind, Tally]] = [{part: Tally() for part in _PARTS[kind]} for _ in SOURCES]

    def observe(
        self,
        stream: int,
        user: int,
        value: float,
        *,
        stake: float,
        margin: float,
        usual: float,
        at_ms: int,
        parts: Sequence[tuple[Kind, str]],
    ) -> None:
        """Take an observation, unless it is one that the same user has made before in this visit.

        Args:
            stream: `SCORED`, `TOLD` or `JUDGED`.
            user: Hash of the user.
            value: Satisfaction, in [0, 1].
            stake: See `FallDetector.observe`.
            margin: Likewise.
            usual: Likewise.
            at_ms: Likewise.
            parts: What it concerns, by kind.
        """
        users = self._users[stream]
        before_ms = users.pop(user, None)
        if before_ms is not None and at_ms - before_ms < VISIT_MS:
            users[user] = before_ms
            return
        users[user] = at_ms
        if len(users) > _USERS:
            del users[next(iter(users))]
        fallen = self.streams[stream].observe(value, stake=stake, margin=margin, usual=usual, at_ms=at_ms)
        after, tallies = self._after_users[stream], self._tallies[stream]
        if not fallen:
            if after:
                after.clear()
                for tally in tallies.values():
                    tally.clear()
            return
        if len(after) < _LEAST_USERS and user not in after:
            after.append(user)
        if tallies:
            usual = self.streams[stream].mean
            for kind, name in parts:
                if kind in tallies:
                    tallies[kind].add(name, value, usual)

    @property
    def winnings(self) -> float:
        """What all stakes on it have become."""
        one, two, three = self.streams
        return one.winnings + two.winnings + three.winnings

    @property
    def staked(self) -> float:
        """All stakes on it."""
        return sum(each.staked for each in self.streams)

    def fallen(self, least_fall: float, users: int = _LEAST_USERS) -> int | None:
        """Return the stream that shows best a clear fall of so much, seen by so many users; `None`: none does."""
        found = None
        for number, each in enumerate(self.streams):
            if (
                each.fall >= least_fall
                and each.is_clear(least_fall / 2)
                and len(self._after_users[number]) >= users
                and (found is None or each.winnings > self.streams[found].winnings)
            ):
                found = number
        return found

    def tally(self, stream: int, kind: Kind) -> Tally:
        """Return the parts of a kind since the change; of a narrow key, nothing is broken down."""
        return self._tallies[stream].get(kind) or Tally()

    def tell(self, until_ms: int) -> None:
        """Take its fall for told: the new level is normal, and nothing more is said for a while."""
        shift = max(each.fall for each in self.streams)
        for number, each in enumerate(self.streams):
            each.accept(0.0 if number == SCORED else shift)
        for number in range(len(SOURCES)):
            self._forget_change(number)
        self.quiet_until_ms = until_ms

    def calm(self) -> None:
        """Drop all bets: what was seen has another explanation."""
        for each in self.streams:
            each.calm()
        for number in range(len(SOURCES)):
            self._forget_change(number)

    def restart(self) -> None:
        """Learn from nothing what is normal: something larger has changed."""
        self.streams = [FallDetector() for _ in SOURCES]
        for number in range(len(SOURCES)):
            self._forget_change(number)

    def doubt(self) -> None:
        """Take what is normal in scores for less sure, since another model makes them from now on."""
        for number in (SCORED, TOLD):
            self.streams[number].doubt()
            self._forget_change(number)

    def state(self) -> list[object]:
        """Return all that it knows but its texts, as JSON takes it."""
        return [
            self.group,
            self.quiet_until_ms,
            self.touched,
            [each.state() for each in self.streams],
            [list(users.items()) for users in self._users],
            self._after_users,
            [{kind: tally.state() for kind, tally in of.items()} for of in self._tallies],
        ]

    def take_state(self, state: list[object]) -> None:
        """Take up what `state` has returned."""
        streams: list[list[object]]
        users: list[list[tuple[int, int]]]
        tallies: list[dict[Kind, list[tuple[str, int, float]]]]
        self.group, self.quiet_until_ms, self.touched, streams, users, self._after_users, tallies = state  # type: ignore[assignment]
        self.streams = [FallDetector.of_state(each) for each in streams]
        self._users = [dict(each) for each in users]
        self._tallies = [{kind: Tally(parts) for kind, parts in each.items()} for each in tallies]

    def texts_state(self) -> list[object]:
        """Return its texts, as JSON takes them."""
        return [[each.at_ms, each.satisfaction, each.text] for each in self.said]

    def take_texts(self, state: list[tuple[int, float, str]]) -> None:
        """Take up what `texts_state` has returned."""
        for at_ms, satisfaction, text in state:
            self.said.append(Said(at_ms=at_ms, satisfaction=satisfaction, text=text))

    def _forget_change(self, stream: int) -> None:
        self._after_users[stream].clear()
        for tally in self._tallies[stream].values():
            tally.clear()

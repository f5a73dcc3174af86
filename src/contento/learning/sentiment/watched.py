"""What is watched: an item, a group, a segment, a topic, or everything."""

from collections import deque
from typing import Final, Literal

from contento.learning.sentiment.detector import FallDetector
from contento.learning.sentiment.evidence import Said

Kind = Literal["everywhere", "group", "segment", "item", "topic"]

SCORED, TOLD, JUDGED = range(3)
"""The streams of a key: scores of whatever happens; scores of what people write; labels that people give."""
SOURCES: Final = ("the scores of what they do", "what they write", "the labels they give")

VISIT_MS: Final = 6 * 3_600_000
"""What one user says of one thing within a visit is one opinion, however often: its repeats are no new evidence."""
_USERS: Final = 16
"""Latest users whose repeats are known, per stream."""
_LEAST_USERS: Final = 5
_CULPRITS: Final = 16
_TEXT_KEYS: Final = 8
"""Latest texts of an item: its own text is shown again and again between any two that people write."""


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
        "_after_users", "_culprits", "_text_keys", "_users", "group", "id", "kind", "name", "quiet_until_ms",
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
        self._culprits: list[dict[str, list[float]]] = [{} for _ in SOURCES]
        self._text_keys: dict[int, None] = {}

    def observe(
        self, stream: int, user: int, value: float, *, stake: float, margin: float, usual: float, at_ms: int, item: str
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
            item: Id of the item it is about; empty: none.
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
        after, culprits = self._after_users[stream], self._culprits[stream]
        if not fallen:
            if after:
                after.clear()
                culprits.clear()
            return
        if len(after) < _LEAST_USERS and user not in after:
            after.append(user)
        if self.kind != "item" and item:
            of = culprits.get(item)
            if of is None:
                if len(culprits) >= _CULPRITS:
                    mean = self.streams[stream].mean
                    del culprits[min(culprits, key=lambda name: (culprits[name][0] * mean - culprits[name][1], name))]
                culprits[item] = [1.0, value]
            else:
                of[0] += 1.0
                of[1] += value

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

    def culprits(self, stream: int) -> list[tuple[str, int, float]]:
        """Return the items since the change: id, observations and their sum; those that cost most come first."""
        mean = self.streams[stream].mean
        found = [(name, int(of[0]), of[1]) for name, of in self._culprits[stream].items()]
        return sorted(found, key=lambda each: (each[2] - each[1] * mean, each[0]))

    def says_anew(self, text_key: int) -> bool:
        """Return whether a text at this item is no repeat, and not its first: an item's own text is both."""
        keys = self._text_keys
        first = not keys
        repeated = text_key in keys
        if repeated:
            del keys[text_key]
        keys[text_key] = None
        if len(keys) > _TEXT_KEYS:
            del keys[next(iter(keys))]
        return not repeated and not first

    def tell(self, until_ms: int) -> None:
        """Take its fall for told: the new level is normal, and nothing more is said for a while."""
        shift = max(each.fall for each in self.streams)
        for number, each in enumerate(self.streams):
            each.accept(0.0 if number == SCORED else shift)
        self._forget_change()
        self.quiet_until_ms = until_ms

    def calm(self) -> None:
        """Drop all bets: what was seen has another explanation."""
        for each in self.streams:
            each.calm()
        self._forget_change()

    def restart(self) -> None:
        """Learn from nothing what is normal: something larger has changed."""
        self.streams = [FallDetector() for _ in SOURCES]
        self._forget_change()

    def doubt(self) -> None:
        """Take what is normal in scores for less sure, since another model makes them from now on."""
        for number in (SCORED, TOLD):
            self.streams[number].doubt()
            self._after_users[number].clear()
            self._culprits[number].clear()

    def state(self) -> list[object]:
        """Return all that it knows but its texts, as JSON takes it."""
        return [
            self.group,
            self.quiet_until_ms,
            self.touched,
            [each.state() for each in self.streams],
            [list(users.items()) for users in self._users],
            self._after_users,
            [list(of.items()) for of in self._culprits],
            list(self._text_keys),
        ]

    def take_state(self, state: list[object]) -> None:
        """Take up what `state` has returned."""
        streams: list[list[object]]
        users: list[list[tuple[int, int]]]
        culprits: list[list[tuple[str, list[float]]]]
        keys: list[int]
        self.group, self.quiet_until_ms, self.touched, streams, users, self._after_users, culprits, keys = state  # type: ignore[assignment]
        self.streams = [FallDetector.of_state(each) for each in streams]
        self._users = [dict(each) for each in users]
        self._culprits = [dict(each) for each in culprits]
        self._text_keys = dict.fromkeys(keys)

    def texts_state(self) -> list[object]:
        """Return its texts, as JSON takes them."""
        return [[each.at_ms, each.satisfaction, each.text] for each in self.said]

    def take_texts(self, state: list[tuple[int, float, str]]) -> None:
        """Take up what `texts_state` has returned."""
        for at_ms, satisfaction, text in state:
            self.said.append(Said(at_ms=at_ms, satisfaction=satisfaction, text=text))

    def _forget_change(self) -> None:
        for after, culprits in zip(self._after_users, self._culprits, strict=True):
            after.clear()
            culprits.clear()

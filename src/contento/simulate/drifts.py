"""Drifts that come over a simulated world when their time has come."""

from collections.abc import Callable
from typing import Final

import numpy as np

from contento.simulate import laws
from contento.simulate.population import Catalogue, User, make_users
from contento.simulate.recorder import Recorder
from contento.simulate.scenarios import DriftKind, DriftPlan
from contento.simulate.truth import PlantedDrift

NEW_SHARE: Final = 0.2
SPAM_SHARE: Final = 0.05
"""Of the sessions; a burst of a bot is longer than a visit, so about a tenth of the events."""
_BROKEN_ITEMS: Final = 3
_BOTS: Final = 12
_OPPOSITE: Final = {
    "savers": "perfectionists",
    "perfectionists": "savers",
    "hurried": "explorers",
    "explorers": "hurried",
}


class Drifts:
    """The drifts of a world: who and what they concern is drawn at once, what they do comes with time.

    Attributes:
        planted: Each with when and whom.
        newcomers: Users of a segment that has appeared; empty before.
        bots: Bots that are at it; empty else.
        targets: Items that the bots praise, by index.
    """

    def __init__(
        self,
        plans: tuple[DriftPlan, ...],
        *,
        start_ms: int,
        length_ms: int,
        users: list[User],
        catalogue: Catalogue,
        recorder: Recorder,
        generator: np.random.Generator,
    ) -> None:
        """Draw whom the drifts concern; `users` grows by those whom drifts bring."""
        self._users, self._catalogue, self._recorder, self._generator = users, catalogue, recorder, generator
        self.planted: list[PlantedDrift] = []
        self.newcomers: list[User] = []
        self.bots: list[User] = []
        self.targets: list[int] = []
        self._steps: list[tuple[int, Callable[[], None]]] = []
        for plan in plans:
            begin = start_ms + int(plan.start * length_ms)
            end = start_ms + int(plan.end * length_ms) if plan.end < 1 else None
            self._plant(plan.kind, begin, end)
        self._steps.sort(key=lambda step: step[0], reverse=True)

    def advance(self, now: int) -> None:
        """Let everything happen that was due by `now`, in ms."""
        while self._steps and self._steps[-1][0] <= now:
            self._steps.pop()[1]()

    def _plant(self, kind: DriftKind, begin: int, end: int | None) -> None:
        generator, things = self._generator, self._catalogue.things
        popular = np.argsort(-self._catalogue.popularity)
        users: list[User] = []
        items: list[int] = []
        segment = tower = ""
        if kind == "taste-shift":
            group = str(generator.choice([group.name for group in laws.GROUPS]))
            users = [user for user in self._users if user.group.name == group]
            change = np.subtract(
                next(other.taste for other in laws.GROUPS if other.name == _OPPOSITE[group]),
                next(own.taste for own in laws.GROUPS if own.name == group),
            )
            self._both(begin, end, lambda sign: self._shift(users, sign * change))
        elif kind == "broken-product":
            items = [int(index) for index in generator.permutation(popular[:12])[:_BROKEN_ITEMS]]
            self._both(begin, end, lambda sign: self._break(items, sign))
        elif kind == "new-segment":
            users = self._bring(max(1, int(NEW_SHARE * len(self._users))), laws.NEW_GROUP)
            segment = laws.NEW_COUNTRY
            self._both(begin, end, lambda sign: self._set_newcomers(users if sign > 0 else []))
        elif kind == "outage":
            tower = "text"
            self._both(begin, end, self._set_outage)
        else:
            users = self._bring(_BOTS, None)
            items = [int(index) for index in generator.permutation(popular[len(popular) // 4 :])[:3]]
            self.targets = items
            self._both(begin, end, lambda sign: self._set_bots(users if sign > 0 else []))
        self.planted.append(
            PlantedDrift(
                kind=kind,
                start_ms=begin,
                end_ms=end,
                users=frozenset(user.user_id for user in users),
                items=frozenset(things[index].message.item_id for index in items),
                segment=segment,
                tower=tower,
            )
        )

    def _both(self, begin: int, end: int | None, do: Callable[[int], None]) -> None:
        """Do it with +1 when the drift begins, with -1 when it ends."""
        self._steps.append((begin, lambda: do(1)))
        if end is not None:
            self._steps.append((end, lambda: do(-1)))

    def _bring(self, count: int, group: laws.Group | None) -> list[User]:
        users = make_users(self._generator, count, first=len(self._users) + 1, group=group)
        self._users.extend(users)
        return users

    @staticmethod
    def _shift(users: list[User], change: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        for user in users:
            user.vector[: laws.DIMENSIONS] += change

    def _break(self, items: list[int], sign: int) -> None:
        for index in items:
            self._catalogue.offsets[index] -= 2.0 * sign
            self._catalogue.things[index].aspects[laws.ASPECTS.index("quality")] -= 2.0 * sign

    def _set_newcomers(self, users: list[User]) -> None:
        self.newcomers = users

    def _set_outage(self, sign: int) -> None:
        self._recorder.outage = sign > 0

    def _set_bots(self, users: list[User]) -> None:
        self.bots = users

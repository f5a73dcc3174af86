"""A simulated world: its users come and go, things happen to them, and all of it is known."""

import heapq
import math
from collections.abc import Iterator
from itertools import count
from typing import Final

import numpy as np

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.simulate.draws import one_by_one
from contento.simulate.drifts import NEW_SHARE, SPAM_SHARE, Drifts
from contento.simulate.population import User, make_catalogue, make_users
from contento.simulate.recorder import FullError, Recorder
from contento.simulate.scenarios import Scenario
from contento.simulate.sessions import DAY, MINUTE, Purchase, Sessions
from contento.simulate.truth import Truth

START_MS: Final = 1_736_121_600_000
"""2025-01-06T00:00:00Z, a Monday: when every world begins. It lies in the past, as a scorer expects of events."""
_EVENTS_PER_VISIT: Final = 6.1
"""About, with what comes of it later; sets how many visits fill the days."""
_TRIES: Final = 8
"""Users that are asked whether they visit now, before the visit falls through."""


class World:
    """A world that happens once: drawn when made, it plays while its records are read.

    Attributes:
        scenario: What it simulates.
        truth: What is true in it, complete once all records have been read.
    """

    def __init__(self, scenario: Scenario, generator: np.random.Generator) -> None:
        """Draw users, items and whom the drifts will concern."""
        self.scenario = scenario
        self.truth = Truth(f"sim{scenario.seed}-")
        self._catalogue = make_catalogue(generator, scenario.items)
        self._users = make_users(generator, scenario.users, first=1)
        self._draw = one_by_one(generator.random)
        self._recorder = Recorder(self.truth, scenario.events, self._draw)
        self._drifts = Drifts(
            scenario.drifts,
            start_ms=START_MS,
            length_ms=scenario.days * DAY,
            users=self._users,
            catalogue=self._catalogue,
            recorder=self._recorder,
            generator=generator,
        )
        activity = np.exp(generator.normal(0, 0.8, scenario.users))
        share = activity / activity.sum()
        self._visitor = one_by_one(lambda size: generator.choice(scenario.users, size=size, p=share))
        self._sessions = Sessions(self._catalogue, self._recorder, generator)
        self.truth.drifts = self._drifts.planted
        bots = {user_id for drift in self._drifts.planted if drift.kind == "spam" for user_id in drift.users}
        self.truth.groups = {user.user_id: user.group.name for user in self._users if user.user_id not in bots}

    def items(self) -> Iterator[Item]:
        """Yield the items, as declared."""
        return (thing.message for thing in self._catalogue.things)

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield events and feedback in time order. A world happens only once."""
        try:
            for now in self._happenings():
                yield from self._recorder.due(now)
        except FullError:
            yield from self._recorder.due(None)

    def _happenings(self) -> Iterator[int]:
        """Play session after session; yield before each when it begins, in ms."""
        order = count()
        tried: list[tuple[int, int, Purchase]] = []
        pause = self.scenario.days * DAY * _EVENTS_PER_VISIT / self.scenario.events
        arrival = START_MS
        while True:
            if tried and tried[0][0] <= arrival:
                now, _, purchase = heapq.heappop(tried)
                if purchase.user.busy_until_ms >= now:
                    heapq.heappush(tried, (purchase.user.busy_until_ms + MINUTE, next(order), purchase))
                    continue
                self._drifts.advance(now)
                yield now
                self._sessions.follow_up(purchase, now)
                continue
            now = arrival
            daily = 1 + 0.7 * math.sin(2 * math.pi * (now % DAY / DAY - 0.4))
            arrival = now + max(1, int(-pause / daily * math.log(1 - self._draw())))
            self._drifts.advance(now)
            yield now
            if self._drifts.bots and self._draw() < SPAM_SHARE:
                bot = self._drifts.bots[int(len(self._drifts.bots) * self._draw())]
                if bot.busy_until_ms < now:
                    self._sessions.spam(bot, self._drifts.targets, now)
            elif user := self._who(now):
                for when, purchase in self._sessions.browse(user, now):
                    heapq.heappush(tried, (when, next(order), purchase))

    def _who(self, now: int) -> User | None:
        """Return who visits now: the active often, the content more readily, nobody twice at once."""
        for _ in range(_TRIES):
            newcomers = self._drifts.newcomers
            if newcomers and self._draw() < NEW_SHARE:
                user = newcomers[int(len(newcomers) * self._draw())]
            else:
                user = self._users[int(self._visitor())]
            willing = 0.2 + 0.8 / (1 + math.exp(-1 - 3 * user.mood))
            if user.busy_until_ms < now and self._draw() < willing:
                return user
        return None

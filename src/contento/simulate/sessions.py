"""What users do: they search, look, buy or leave, and come back to review, return or complain.

Satisfaction is latent: experiences move it, and dwell, returns, repeated searches, abandoned carts
and complaints reveal it. Feedback comes seconds to days later, and for most events never.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from contento.contracts.messages import Satisfaction, TextKind
from contento.simulate import texts
from contento.simulate.draws import one_by_one
from contento.simulate.laws import DIMENSIONS
from contento.simulate.population import Catalogue, Thing, User
from contento.simulate.recorder import Recorder
from contento.simulate.truth import satisfaction_of

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_SHOWN: Final = 10
"""Items that a visit may look at."""
_MEAN_OPINION: Final = 3.25
_MOOD_IN_OPINION: Final = 0.35
_MOOD_MEMORY_DAYS: Final = 4.0
_OPINION_NOISE: Final = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Something bought, whose user will have an opinion on it once it has arrived."""

    user: User
    index: int
    event_id: str


class Sessions:
    """Plays one session at a time into a recorder."""

    def __init__(self, catalogue: Catalogue, recorder: Recorder, generator: np.random.Generator) -> None:
        """Take the generator for all that happens."""
        self._catalogue, self._recorder, self._generator = catalogue, recorder, generator
        self._draw = one_by_one(generator.random)
        self._normal = one_by_one(generator.standard_normal)
        self._attention = one_by_one(
            lambda size: generator.choice(len(catalogue.things), size=size, p=catalogue.popularity)
        )
        self._sessions = 0

    def browse(self, user: User, now: int) -> list[tuple[int, Purchase]]:
        """Play a visit that begins at `now`, in ms; return what was bought, with when its user will have tried it.

        Raises:
            FullError: The recorder has enough.
        """
        draw, recorder = self._draw, self._recorder
        self._settle(user, now)
        session = self._session()
        indices = list(dict.fromkeys(int(self._attention()) for _ in range(_SHOWN)))
        appeals, opinions = self._views_of(user, indices)
        shown = zip(indices, appeals, opinions, strict=True)
        ranked = sorted(shown, key=lambda item: 0.6 * (self._normal() - item[1]))
        wanted = self._catalogue.things[ranked[0][0]]
        if draw() < 0.5:
            now = self._search(user, session, wanted, now)
        last, last_thing, viewed, bought = "", wanted, [], []
        for position, (index, appeal, opinion) in enumerate(ranked[: 1 + int(-4.0 * math.log(1 - draw()))], start=1):
            thing = self._catalogue.things[index]
            dwell = round(math.exp(2.4 + 0.45 * (appeal - 3.3) + 0.3 * user.mood + 0.6 * self._normal()), 1)
            self._live(user, appeal, 0.05)
            last = recorder.event(
                now,
                user,
                session,
                "view",
                thing=thing,
                opinion=opinion,
                dwell=dwell,
                value=thing.price,
                position=position,
            )
            last_thing = thing
            now += int(dwell * SECOND) + 500 + int(3000 * draw())
            sold = False
            if draw() < _sigmoid(-2.3 + 1.2 * (appeal - 3.5) + 0.5 * user.mood):
                now, purchase = self._cart(user, session, index, opinion, now)
                if purchase:
                    sold = True
                    bought.append((now + int((1.0 + 3.0 * draw()) * DAY), purchase))
            viewed.append((last, thing, sold))
            if draw() < 0.04:
                recorder.rating(
                    now + self._delay(90), user, last, thing.message.item_id, self._stars(opinion), named=draw() < 0.8
                )
        user.busy_until_ms = now
        for event_id, thing, sold in viewed:
            if draw() < 0.2:
                later = now + 30 * MINUTE
                recorder.outcome(later, user, event_id, thing.message.item_id, "purchase", happened=sold)
        self._leave(user, session, last, last_thing, now)
        return bought

    def follow_up(self, purchase: Purchase, now: int) -> None:
        """Play what comes of a purchase once its user has tried it.

        Raises:
            FullError: The recorder has enough.
        """
        draw, recorder, user = self._draw, self._recorder, purchase.user
        thing = self._catalogue.things[purchase.index]
        item_id = thing.message.item_id
        self._settle(user, now)
        opinion = self._views_of(user, [purchase.index])[1][0] + _OPINION_NOISE * self._normal()
        self._live(user, opinion, 0.4)
        session = self._session()
        if opinion < 2.7 and draw() < 0.5:
            recorder.event(now, user, session, "return", thing=thing, opinion=opinion, value=-thing.price)
            now += MINUTE + int(5 * MINUTE * draw())
        if opinion < 2.6 and draw() < 0.4:
            self._complain(user, session, thing, opinion, now)
            now += 2 * MINUTE
        if draw() < 0.4:
            stars = self._stars(opinion)
            words = texts.review(
                draw, rating=stars, aspects=thing.aspects, noun=thing.noun, brand=thing.attributes["brand"]
            )
            dwell = round(5 + 0.3 * len(words), 1)
            event_id = recorder.event(
                now, user, session, "review", thing=thing, opinion=opinion, text=words,
                text_kind=TextKind.TEXT_KIND_REVIEW, dwell=dwell,
            )  # fmt: skip
            if draw() < 0.9:
                recorder.rating(now + int((1 + 20 * draw()) * SECOND), user, event_id, item_id, stars)
            now += int(dwell * SECOND)
        elif draw() < 0.35:
            recorder.rating(
                now + self._delay(600), user, purchase.event_id, item_id, self._stars(opinion), named=draw() < 0.7
            )
        user.busy_until_ms = max(user.busy_until_ms, now)

    def spam(self, bot: User, targets: list[int], now: int) -> None:
        """Play a burst of bot reviews.

        Raises:
            FullError: The recorder has enough.
        """
        session = self._session()
        for _ in range(4 + int(8 * self._draw())):
            thing = self._catalogue.things[targets[int(len(targets) * self._draw())]]
            words = texts.spam(self._draw, noun=thing.noun, brand=thing.attributes["brand"])
            event_id = self._recorder.event(
                now, bot, session, "review", thing=thing, opinion=5.5, text=words,
                text_kind=TextKind.TEXT_KIND_REVIEW, dwell=0.1, spam=True,
            )  # fmt: skip
            self._recorder.rating(now + SECOND, bot, event_id, thing.message.item_id, 5)
            now += 200 + int(1500 * self._draw())
        bot.busy_until_ms = now

    def _search(self, user: User, session: str, wanted: Thing, now: int) -> int:
        draw = self._draw
        for attempt in range(3):
            failed = draw() < 0.15
            if failed:
                user.mood += 0.15 * (-1.0 - user.mood)
            text = texts.query(
                draw, category=wanted.category, noun=wanted.noun, brand=wanted.attributes["brand"], style=wanted.style,
                again=attempt > 0,
            )  # fmt: skip
            event_id = self._recorder.event(
                now, user, session, "search", text=text, text_kind=TextKind.TEXT_KIND_QUERY,
                dwell=round(2 + 6 * draw(), 1), attributes={"category": wanted.attributes["category"]},
            )  # fmt: skip
            now += int((4 + 12 * draw()) * SECOND)
            if draw() < 0.3:
                self._recorder.outcome(now + self._delay(5), user, event_id, "", "click", happened=not failed)
            if not failed:
                break
        return now

    def _cart(self, user: User, session: str, index: int, opinion: float, now: int) -> tuple[int, Purchase | None]:
        draw, recorder, thing = self._draw, self._recorder, self._catalogue.things[index]
        recorder.event(now, user, session, "cart", thing=thing, opinion=opinion, value=thing.price)
        now += int((3 + 20 * draw()) * SECOND)
        if draw() < 0.55 + 0.2 * user.mood:
            event_id = recorder.event(now, user, session, "purchase", thing=thing, opinion=opinion, value=thing.price)
            return now + int((5 + 30 * draw()) * SECOND), Purchase(user=user, index=index, event_id=event_id)
        if draw() < 0.4:
            recorder.event(now, user, session, "remove_from_cart", thing=thing, opinion=opinion, value=-thing.price)
            now += int((2 + 5 * draw()) * SECOND)
        return now, None

    def _leave(self, user: User, session: str, last: str, thing: Thing, now: int) -> None:
        draw, recorder = self._draw, self._recorder
        if draw() < 0.6 * max(0.0, -user.mood):
            self._complain(user, session, thing, float("nan"), now)
        if draw() < 0.08:
            recorder.label(now + self._delay(1200), user, last, "", self._label(user.mood))
        if draw() < 0.08:
            recorder.churn(now + 3 * DAY, user, last)

    def _complain(self, user: User, session: str, thing: Thing, opinion: float, now: int) -> None:
        draw, recorder = self._draw, self._recorder
        user.mood += 0.1 * (-1.0 - user.mood)
        words = texts.complaint(draw, aspects=thing.aspects, noun=thing.noun)
        event_id = recorder.event(
            now, user, session, "complaint", thing=thing, opinion=opinion, text=words,
            text_kind=TextKind.TEXT_KIND_COMMENT, dwell=round(20 + 60 * draw(), 1),
        )  # fmt: skip
        if draw() < 0.5:
            recorder.label(now + self._delay(7200), user, event_id, thing.message.item_id, self._label(user.mood - 0.3))

    def _session(self) -> str:
        self._sessions += 1
        return f"s{self._sessions}"

    def _views_of(self, user: User, indices: list[int]) -> tuple[list[float], list[float]]:
        """Return how good items look to a user, and how good they are: delivery and quality show only later."""
        vectors, taste = self._catalogue.vectors[indices], user.vector
        level = _MEAN_OPINION + user.bias + _MOOD_IN_OPINION * (user.mood - 0.2)
        looks = vectors[:, :DIMENSIONS] @ taste[:DIMENSIONS] + level
        truly = looks + vectors[:, DIMENSIONS:] @ taste[DIMENSIONS:] + self._catalogue.offsets[indices]
        return looks.tolist(), truly.tolist()

    def _settle(self, user: User, now: int) -> None:
        """Let the mood return toward its baseline with time."""
        if user.mood_ms:
            user.mood = user.baseline + (user.mood - user.baseline) * math.exp(
                (user.mood_ms - now) / (_MOOD_MEMORY_DAYS * DAY)
            )
        user.mood_ms = now

    @staticmethod
    def _live(user: User, opinion: float, weight: float) -> None:
        """Let an experience move the mood."""
        user.mood += weight * (min(max((opinion - 3.2) / 1.1, -1.4), 1.4) - user.mood)

    def _stars(self, opinion: float) -> int:
        return min(max(round(opinion + 0.45 * self._normal()), 1), 5)

    def _label(self, mood: float) -> Satisfaction:
        negative, neutral, _ = satisfaction_of(mood)
        drawn = self._draw()
        if drawn < negative:
            return Satisfaction.SATISFACTION_NEGATIVE
        return Satisfaction.SATISFACTION_NEUTRAL if drawn < negative + neutral else Satisfaction.SATISFACTION_POSITIVE

    def _delay(self, seconds: float) -> int:
        """Return a delay in ms, log-normal about a median."""
        return int(min(seconds * math.exp(1.2 * self._normal()), 5 * 86_400) * SECOND)


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))

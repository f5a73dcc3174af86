"""What a score says without any label: the values that its monitors watch, and the memory it takes to make them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from contento.contracts.messages import Score, TextKind
from contento.learning.drift.memory import Projections, RecentTexts, SeenIds
from contento.learning.drift.signals import Family
from contento.model.correction.tilt import mean_of
from contento.model.interface import TOWERS

TYPES: Final = 8
"""Event types watched by name, at most; the others are watched together."""
OTHER: Final = "(other)"
_ACQUAINTANCE: Final = 2_048
"""Scores in which the event types are met: one that comes later is one of the others."""

Part = tuple[Callable[[], dict[str, Any]], Callable[[dict[str, Any]], None]]


class Inputs:
    """Makes values in [0, 1] of scores.

    Attributes:
        changed: Names of the parts of its state that have changed; whoever writes them clears it.
        texts: Texts of late, by event type.
    """

    def __init__(self) -> None:
        """Start without any memory."""
        self.changed: set[str] = set()
        self.texts: dict[str, RecentTexts] = {}
        self._types: list[str] = []
        self._count = 0
        self._seen = {"user": SeenIds(), "item": SeenIds()}
        self._projections = Projections()

    def values(self, score: Score, now: int) -> Iterator[tuple[Family, str, float]]:
        """Yield family, subject and value of each signal of a score, those that say most first.

        Args:
            score: Read are its ids, event type, missing towers, text, rating, satisfaction, user representation.
            now: When it was, unix milliseconds.
        """
        self._count += 1
        self.changed.add("inputs")
        missing = score.missing_towers
        for tower in TOWERS:
            yield "missing", tower, float(tower in missing)
        if score.features.text and score.features.text_kind != TextKind.TEXT_KIND_ITEM:
            repeats = self._repeats(score, now)
            if repeats is not None:
                yield "repeats", score.event_type, float(repeats)
        for subject, name in (("user", score.user_id), ("item", score.item_id)):
            if name:
                new = self._seen[subject].add(name)
                if new:
                    self.changed.add(f"seen/{subject}")
                yield "unseen", subject, float(new)
        yield from self._mix(score.event_type)
        # What ratings have taught is no drift: of a corrected rating, what the bundle says alone is watched.
        rating = score.rating
        if rating.bundle_distribution:
            yield "scores", "rating", (mean_of(rating.bundle_distribution) - 1) / 4
        else:
            yield "scores", "rating", (rating.mean - 1) / 4
            yield "scores", "width", (rating.upper - rating.lower) / 4
        yield "scores", "satisfaction", score.satisfaction.value
        if score.user_representation:
            self.changed.add("projections")
            for row, value in enumerate(self._projections.add(score.user_representation) or ()):
                yield "representation", str(row), value

    def forget_users(self) -> None:
        """Forget what is usual of representations: another model makes them."""
        self._projections = Projections()
        self.changed.add("projections")

    def parts(self) -> Mapping[str, Part]:
        """Return, by name, how each part of the state is read and taken up; the state is of what JSON knows."""
        named: dict[str, Part] = {
            "inputs": (
                lambda: {"count": self._count, "types": self._types, "texts": list(self.texts)},
                self._restore,
            ),
            "projections": (self._projections.state, self._projections.restore),
        }
        named |= {f"seen/{subject}": (ids.state, ids.restore) for subject, ids in self._seen.items()}
        named |= {f"texts/{kind}": (texts.state, texts.restore) for kind, texts in self.texts.items()}
        return named

    def _mix(self, kind: str) -> Iterator[tuple[Family, str, float]]:
        known = kind in self._types
        if self._count <= _ACQUAINTANCE:
            if not known and len(self._types) < TYPES:
                self._types.append(kind)
            return
        for each in self._types:
            yield "mix", each, float(each == kind)
        yield "mix", OTHER, float(not known)

    def _repeats(self, score: Score, now: int) -> bool | None:
        kind = score.event_type
        texts = self.texts.get(kind)
        if texts is None:
            if len(self.texts) == TYPES:
                return None
            texts = self.texts[kind] = RecentTexts()
        self.changed.add(f"texts/{kind}")
        return texts.add(
            score.features.text,
            score.features.text_key,
            item_id=score.item_id,
            user_id=score.user_id,
            time_ms=now,
        )

    def _restore(self, state: dict[str, Any]) -> None:
        self._count, self._types = int(state["count"]), [str(kind) for kind in state["types"]]
        self.texts = {str(kind): RecentTexts() for kind in state["texts"]}

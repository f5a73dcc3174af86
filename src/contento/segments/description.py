"""A segment in words: what tells its users from the others."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contento.segments.tally import Count, Tally

_PRIOR: Final = 200.0
"""Events of an average segment that each is mixed with: a rare name must not look telling by chance."""
_TELLING: Final = 3.0
"""Standard errors from which a difference is told: with a thousand names, one is beyond it by chance."""
_LEAST_SHARE: Final = 0.002
"""Share of the events below which a name is too rare to be told."""
_LEAST_LIFT: Final = 1.15
"""How many times as often it must be, or as seldom, however sure the difference."""
_TOLD: Final = 3
_ITEMS: Final = 10
_VERBS: Final[Mapping[str, str]] = {
    "view": "look at items",
    "search": "search",
    "cart": "add to cart",
    "add_to_cart": "add to cart",
    "purchase": "buy",
    "remove_from_cart": "take things out of the cart",
    "review": "write reviews",
    "return": "send things back",
    "complaint": "complain",
    "click": "click",
    "like": "give likes",
    "share": "share",
}
"""Known event types as what people do; another type is quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A segment, told.

    Attributes:
        name: A few words.
        description: Sentences.
        users: Remembered users in it.
        share: Of all remembered users in segments, in [0, 1].
        satisfaction: Mean over its users, in [0, 1]; `None`: it has none.
        more: Event types that its users make more than others, most telling first.
        less: Those they make less.
        likes: Words and item groups they go for more than others, most telling first.
        dislikes: Those they pass over, or are less satisfied with than others.
        items: Ids of the items they go for more than others.
    """

    name: str
    description: str
    users: int
    share: float
    satisfaction: float | None
    more: tuple[str, ...]
    less: tuple[str, ...]
    likes: tuple[str, ...]
    dislikes: tuple[str, ...]
    items: tuple[str, ...]


def portray(tally: Tally, others: Sequence[Tally], *, users: int, share: float, satisfaction: float | None) -> Portrait:
    """Return the portrait of a segment beside the others."""
    rest = Tally()
    for each in others:
        rest.join(each)
    more, less = _telling(tally, rest, "types", _events)
    groups, words, items = (_telling(tally, rest, kind, _liking) for kind in ("groups", "words", "items"))
    likes = (*groups[0][:_TOLD], *words[0][:_TOLD])
    soured = _soured(tally, rest, "groups")
    dislikes = tuple(dict.fromkeys((*groups[1][:_TOLD], *soured[:1], *words[1][:_TOLD])))
    name = ", ".join((*groups[0][:1], *words[0][:2])) or ", ".join(_done(each) for each in more[:2]) or "average users"
    return Portrait(
        name=name,
        description=_sentences(
            more=more[:_TOLD], less=less[:2], likes=likes, dislikes=dislikes, share=share, satisfaction=satisfaction
        ),
        users=users,
        share=share,
        satisfaction=satisfaction,
        more=more,
        less=less,
        likes=likes,
        dislikes=dislikes,
        items=items[0][:_ITEMS],
    )


def _telling(
    mine: Tally, rest: Tally, kind: str, measure: Callable[[Count], float]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that are more, and less, frequent here than elsewhere, most telling first.

    By the log ratio of the two rates with an informative Dirichlet prior, in standard errors (after Monroe,
    Colaresi and Quinn, Fightin' words, 2008).
    """
    here, there = measure(mine.total), measure(rest.total)
    if here <= 0 or there <= 0:
        return (), ()
    found = []
    for name in sorted(mine.names[kind].keys() | rest.names[kind].keys()):
        inside = max(measure(mine.names[kind].get(name, _NONE)), 0.0)
        outside = max(measure(rest.names[kind].get(name, _NONE)), 0.0)
        prior = (inside + outside) / (here + there)
        if prior < _LEAST_SHARE:
            continue
        # Rates rather than odds: an event has many words, and what is in all events has no odds.
        a, b = inside + _PRIOR * prior, outside + _PRIOR * prior
        lift = math.log(a / (here + _PRIOR)) - math.log(b / (there + _PRIOR))
        telling = lift / math.sqrt(1 / a + 1 / b)
        if abs(telling) >= _TELLING and abs(lift) >= math.log(_LEAST_LIFT):
            # How sure and how much: a common word that differs a little tells less than a rarer one that differs a lot.
            found.append((telling * abs(lift), name))
    more = sorted((each for each in found if each[0] > 0), key=lambda each: (-each[0], each[1]))
    less = sorted((each for each in found if each[0] < 0), key=lambda each: (each[0], each[1]))
    return tuple(name for _, name in more), tuple(name for _, name in less)


def _soured(mine: Tally, rest: Tally, kind: str) -> tuple[str, ...]:
    """Return names with which users are less satisfied here than elsewhere, beyond how satisfied they are anyway."""
    found = []
    for name, count in sorted(mine.names[kind].items()):
        other = rest.names[kind].get(name, _NONE)
        if count.events < 30 or other.events < 30:
            continue
        gap = (_mean(count) - _mean(mine.total)) - (_mean(other) - _mean(rest.total))
        # A satisfaction in [0, 1] spreads by half at most.
        if gap / (0.5 * math.sqrt(1 / count.events + 1 / other.events)) <= -_TELLING:
            found.append((gap, name))
    return tuple(name for _, name in sorted(found))


def _sentences(
    *,
    more: Sequence[str],
    less: Sequence[str],
    likes: Sequence[str],
    dislikes: Sequence[str],
    share: float,
    satisfaction: float | None,
) -> str:
    sentences = []
    if more or less:
        parts = []
        if more:
            parts.append(f"{_listed([_done(each) for each in more])} more than others")
        if less:
            parts.append(f"{_listed([_done(each) for each in less])} less")
        sentences.append(f"They {', and '.join(parts)}.")
    if likes:
        sentences.append(f"They like {_listed([_quoted(each) for each in likes])}.")
    if dislikes:
        sentences.append(f"They care less for {_listed([_quoted(each) for each in dislikes])}.")
    if not sentences:
        sentences.append("Nothing tells them from the others yet.")
    size = f"{round(100 * share)} % of users"
    sentences.append(f"{size}, satisfaction {satisfaction:.2f}." if satisfaction is not None else f"{size}.")
    return " ".join(sentences)


def _done(event_type: str) -> str:
    return _VERBS.get(event_type, f"make '{event_type}' events")


def _quoted(name: str) -> str:
    return f"'{name}'"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _events(count: Count) -> float:
    return count.events


def _liking(count: Count) -> float:
    return count.liking


def _mean(count: Count) -> float:
    return count.satisfaction / count.events if count.events else 0.0


_NONE: Final = Count()

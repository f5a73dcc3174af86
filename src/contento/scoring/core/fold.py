"""How scores change the live state of users, items and segments."""

from collections.abc import Mapping, Sequence
from typing import Final

from contento.contracts.messages import History, Score
from contento.contracts.validation import time_ms
from contento.scoring.core.selection import NewEvent
from contento.state.base import GroupEffect, GroupEvent, GroupKind, LiveUser, UserEffect, UserState

FAST: Final = 0.3
"""Weight of the newest event in a user's live scores: half of it is the last two events."""
SLOW: Final = 0.05
"""Weight in the slow average behind the trend: half of it is the last 14 events."""


def fold_user(before: LiveUser | None, score: Score) -> LiveUser:
    """Return a user's live scores after one more score."""
    n = before.n + 1 if before else 1
    fast, slow = max(FAST, 1 / n), max(SLOW, 1 / n)  # plain means until there are events enough to decay
    of = before or _blank(score)
    satisfaction = score.satisfaction
    return LiveUser(
        satisfaction=of.satisfaction + fast * (satisfaction.value - of.satisfaction),
        slow=of.slow + slow * (satisfaction.value - of.slow),
        p_negative=of.p_negative + fast * (satisfaction.p_negative - of.p_negative),
        p_neutral=of.p_neutral + fast * (satisfaction.p_neutral - of.p_neutral),
        p_positive=of.p_positive + fast * (satisfaction.p_positive - of.p_positive),
        rating=of.rating + fast * (score.rating.mean - of.rating),
        n=n,
        segment=score.segment,
        bundle=score.bundle,
        updated_ms=max(of.updated_ms, time_ms(score.event_time)),
    )


def _blank(score: Score) -> LiveUser:
    return LiveUser(
        satisfaction=0.0,
        slow=0.0,
        p_negative=0.0,
        p_neutral=0.0,
        p_positive=0.0,
        rating=0.0,
        n=0,
        segment=score.segment,
        bundle=score.bundle,
        updated_ms=0,
    )


def user_effects(
    new: Sequence[NewEvent],
    scores: Sequence[Score],
    *,
    users: Mapping[str, UserState],
    histories: Mapping[str, History],
    at_risk_above: float,
    at_risk_events: int,
) -> list[UserEffect]:
    """Return what a scored batch does to each user.

    Args:
        new: The events.
        scores: Their scores.
        users: State of every user before the batch.
        histories: History of every user after it; its satisfaction is filled in here.
        at_risk_above: Risk from which a user is at risk, in [0, 1].
        at_risk_events: Events a user must have before they can be at risk.
    """
    of_user: dict[str, list[int]] = {}
    for row, each in enumerate(new):
        of_user.setdefault(each.event.user_id, []).append(row)
    effects = []
    for user, rows in of_user.items():
        before = live = users[user].live
        for row in rows:
            live = fold_user(live, scores[row])
        history = histories[user]
        kept = rows[-len(history.satisfaction) :]
        history.satisfaction[-len(kept) :] = [scores[row].satisfaction.value for row in kept]
        assert live is not None  # noqa: S101 - every user here has a row
        effects.append(
            UserEffect(
                user=user,
                source=new[rows[-1]].record.source,
                offset=new[rows[-1]].record.offset,
                seen_n=before.n if before else 0,
                seen_segment=before.segment if before else "",
                live=live,
                history=history,
                at_risk=live.n >= at_risk_events and live.risk > at_risk_above,
            )
        )
    return effects


def group_effects(new: Sequence[NewEvent], scores: Sequence[Score]) -> list[GroupEffect]:
    """Return what a scored batch adds to each item and segment, by source."""
    events: dict[tuple[GroupKind, str, str], list[GroupEvent]] = {}
    for each, score in zip(new, scores, strict=True):
        event = GroupEvent(
            offset=each.record.offset,
            satisfaction=score.satisfaction.value,
            p_negative=score.satisfaction.p_negative,
            rating=score.rating.mean,
            time_ms=time_ms(score.event_time),
        )
        if score.item_id:
            events.setdefault(("item", score.item_id, each.record.source), []).append(event)
        events.setdefault(("segment", score.segment, each.record.source), []).append(event)
    return [
        GroupEffect(kind=kind, id=id_, source=source, events=added) for (kind, id_, source), added in events.items()
    ]

"""The sentiment watch: satisfaction that falls, for whom and with what, and the texts that say why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import orjson

from contento.contracts.messages import DriftAlert, Score, TextKind
from contento.contracts.validation import time_ms
from contento.learning.judged import Judged
from contento.learning.sentiment.evidence import KEPT_LENGTH, Said, shortened, telling_texts
from contento.learning.sentiment.explaining import culprits, falls_around
from contento.learning.sentiment.keys import WatchedKeys, read_entry
from contento.learning.sentiment.watched import JUDGED, SCORED, TOLD, Kind, Watched
from contento.learning.sentiment.wording import Fall, build_alert
from contento.learning.sentiment.words import WordCounts, words_of

_OPINIONS: Final = frozenset({
    TextKind.TEXT_KIND_UNSPECIFIED, TextKind.TEXT_KIND_REVIEW, TextKind.TEXT_KIND_COMMENT,
})  # fmt: skip
"""Kinds of texts that users write, and not to find something."""
_VERSION: Final = 2
_HOUR_MS: Final = 3_600_000
_LONGEST_GAP_MS: Final = 6 * _HOUR_MS
"""Of a longer silence no more is staked: a few observations are not to carry the budget of a night."""
_POTS: Final = (0.1, 0.4, 0.4, 0.1)
"""How the budget of false alarms is shared: scored, told and judged streams of all but topics; topics. What people
say tells most, and is rarest: so each of its observations gets the largest stakes."""
_TOPICS: Final = 3
"""Place of the topics' share."""
_USERS_OF_CULPRIT: Final = 3
_NARROW: Final[frozenset[Kind]] = frozenset({"item", "topic"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentOptions:
    """How the watch watches.

    Attributes:
        false_alarm_days: At most one false alarm in so many days, over all keys together.
        narrow_fall: Least fall of an item's or a topic's satisfaction that is told, in [0, 1].
        broad_fall: Likewise of a group's, a segment's, and everywhere's.
        cool_down_hours: Hours in which no more is told of what has been told.
        items: Items watched, those seen last.
        topics: Words watched, likewise.
        groups: Groups of items watched, likewise.
        segments: Segments watched, likewise.
        texts: Unhappy texts kept of each.
        topics_per_text: Words of a text that are watched.
        silent_types: Event types whose texts are no opinions.
    """

    false_alarm_days: float = 30.0
    narrow_fall: float = 0.1
    broad_fall: float = 0.08
    cool_down_hours: float = 24.0
    items: int = 4096
    topics: int = 512
    groups: int = 256
    segments: int = 256
    texts: int = 12
    topics_per_text: int = 6
    silent_types: frozenset[str] = frozenset({"search", "query"})


class SentimentWatch:
    """Sees satisfaction fall, for an item, a group of items, a segment, a topic, or everywhere; `Checkpointed`.

    The learner calls it for every score and every judged feedback, in order. A call costs tens of microseconds.
    Its clock is the time of the scored events.
    """

    def __init__(
        self,
        options: SentimentOptions | None = None,
        *,
        item_group_of: Callable[[str], str] | None = None,
        mask: Callable[[str], str],
    ) -> None:
        """Start with nothing known.

        Args:
            options: How to watch.
            item_group_of: Declared group of an item; empty: it has none.
            mask: Takes personal data out of a text: `lambda text: PersonalData().mask(text).text` with one
                `PersonalData` for all. Texts are masked when they enter an alert.
        """
        self._options = options or SentimentOptions()
        self._group_of, self._mask = item_group_of, mask
        self._keys = WatchedKeys(
            {
                "everywhere": 1, "group": self._options.groups, "segment": self._options.segments,
                "item": self._options.items, "topic": self._options.topics,
            },
            self._options.texts,
        )  # fmt: skip
        self._words = WordCounts()
        self._words_changed = False
        self._clock_ms = 0
        self._pots_ms = [0] * len(_POTS)
        self._bundle = ""
        self._told_topics: dict[str, int] = {}

    def scored(self, score: Score) -> list[DriftAlert]:
        """Take a score as it was served; return what has fallen. Scores of a candidate or of bots say nothing."""
        if score.arm == "candidate" or score.anomaly or not score.HasField("satisfaction"):
            return []
        self._advance(score)
        value = min(max(score.satisfaction.value, 0.0), 1.0)
        text = score.features.text
        concerned = self._concerned(score.item_id, score.segment)
        own = (
            bool(text) and score.features.text_kind in _OPINIONS and score.event_type not in self._options.silent_types
        )
        topics = self._hear(concerned, text, value) if own else []
        streams = (SCORED, TOLD) if own else (SCORED,)
        return self._observe(concerned, topics, streams, user=score.user_id, value=value)

    def judged(self, judged: Judged) -> list[DriftAlert]:
        """Take what a user said of a score; return what has fallen. An outcome alone says nothing of satisfaction."""
        if judged.satisfaction is not None:
            value = judged.satisfaction / 2
        elif judged.rating is not None:
            value = min(max((judged.rating - 1) / 4, 0.0), 1.0)
        else:
            return []
        concerned = self._concerned(judged.score.item_id or judged.feedback.item_id, judged.score.segment)
        comment = judged.feedback.comment
        topics = self._hear(concerned, comment, value) if comment else []
        return self._observe(concerned, topics, (JUDGED,), user=judged.feedback.user_id, value=value)

    def changed(self) -> Mapping[str, bytes | None]:
        """See `Checkpointed.changed`."""
        found = self._keys.changed()
        told = list(self._told_topics.items())
        found["watch"] = orjson.dumps([_VERSION, self._clock_ms, self._pots_ms, self._bundle, told])
        if self._words_changed:
            words = self._words
            found["words"] = orjson.dumps([_VERSION, words.texts, words.negative, list(words.counts.items())])
            self._words_changed = False
        return found

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """See `Checkpointed.restore`."""
        rest = dict(entries)
        if (watch := rest.pop("watch", None)) is not None:
            self._clock_ms, self._pots_ms, self._bundle, told = read_entry("watch", watch, _VERSION)
            self._told_topics = dict(told)
        if (words := rest.pop("words", None)) is not None:
            texts, negative, counts = read_entry("words", words, _VERSION)
            self._words = WordCounts(texts, negative, dict(counts))
        self._keys.restore(rest)

    def _advance(self, score: Score) -> None:
        """Move the clock on, and lay aside what may be staked for the time that has passed."""
        at_ms = time_ms(score.event_time)
        if score.HasField("scored_time"):
            at_ms = min(at_ms, time_ms(score.scored_time))  # a user's clock may be ahead, the scorer's is not
        passed_ms = at_ms - self._clock_ms
        if passed_ms > 0:
            if self._clock_ms:
                self._pots_ms = [min(pot_ms + passed_ms, _LONGEST_GAP_MS) for pot_ms in self._pots_ms]
            self._clock_ms = at_ms
        if score.bundle != self._bundle:
            if self._bundle:
                for watched in self._keys.each():
                    watched.doubt()
            self._bundle = score.bundle

    def _concerned(self, item_id: str, segment: str) -> list[Watched]:
        """Return what an event concerns, narrowest first: its item, if any, is the first, everywhere the last."""
        touch = self._keys.touch
        keys: list[Watched] = []
        if item_id:
            item = touch("item", item_id)
            keys.append(item)
            if self._group_of is not None:
                item.group = self._group_of(item_id)
            if item.group:
                keys.append(touch("group", item.group))
        if segment:
            keys.append(touch("segment", segment))
        keys.append(touch("everywhere", ""))
        return keys

    def _hear(self, keys: Sequence[Watched], text: str, value: float) -> list[Watched]:
        """Keep a text with the keys it concerns, and count its words; return its topics."""
        kept = shortened(text, KEPT_LENGTH)
        words = words_of(kept)
        topics = self._words.topics(words, self._options.topics_per_text)
        self._words.add(words, value)
        self._words_changed = True
        watched = [self._keys.touch("topic", word) for word in topics]
        said = Said(at_ms=self._clock_ms, satisfaction=value, text=kept)
        for key in (*keys, *watched):
            # The happier texts say nothing of a fall.
            if value < max(0.5, *(each.mean for each in key.streams)):
                self._keys.hear(key, said)
        return watched

    def _observe(
        self,
        concerned: Sequence[Watched],
        topics: Sequence[Watched],
        streams: Sequence[int],
        *,
        user: str,
        value: float,
    ) -> list[DriftAlert]:
        """Let streams of all that an event concerns observe it; return what has fallen."""
        parts = [(each.kind, each.id) for each in concerned]
        who = crc32(user.encode())
        # What has been told of is not to pull down what it belongs to: of such an event only that itself hears.
        now_ms = self._clock_ms
        told = [each for each in (*concerned, *topics) if each.quiet_until_ms > now_ms and each.kind != "everywhere"]
        if told:
            concerned = [each for each in concerned if each in told]
            topics = [each for each in topics if each in told]
        due: dict[Watched, None] = {}
        for stream in streams:
            due |= self._feed(concerned, stream, stream, user=who, value=value, parts=parts)
        due |= self._feed(topics, streams[-1], _TOPICS, user=who, value=value, parts=parts)
        return [alert for watched in due for alert in self._decide(watched)]

    def _feed(
        self,
        keys: Sequence[Watched],
        stream: int,
        pot: int,
        *,
        user: int,
        value: float,
        parts: Sequence[tuple[Kind, str]],
    ) -> dict[Watched, None]:
        """Let a stream of some keys observe a value; return those whose bets have won, in order."""
        due: dict[Watched, None] = {}
        if not keys:
            return due
        options, at_ms = self._options, self._clock_ms
        budget_ms = options.false_alarm_days * 24 * _HOUR_MS
        stake, self._pots_ms[pot] = _POTS[pot] * self._pots_ms[pot] / budget_ms / len(keys), 0
        everywhere = self._keys.peek("everywhere", "")
        usual = everywhere.streams[stream].mean if everywhere and everywhere.streams[stream].n else 1.0
        for watched in keys:
            margin = (options.narrow_fall if watched.kind in _NARROW else options.broad_fall) / 2
            watched.observe(stream, user, value, stake=stake, margin=margin, usual=usual, at_ms=at_ms, parts=parts)
            if watched.winnings >= 1.0 and watched.quiet_until_ms <= at_ms:
                due[watched] = None
        return due

    def _least_fall(self, watched: Watched) -> float:
        return self._options.narrow_fall if watched.kind in _NARROW else self._options.broad_fall

    def _decide(self, watched: Watched) -> list[DriftAlert]:
        """Return the alerts for a key whose bets have won: none yet, its own, or those of the items behind it."""
        least = self._least_fall(watched)
        stream = watched.fallen(least)
        if stream is None or watched.winnings < 1.0:
            return []
        broader = [self._keys.peek("everywhere", "")] if watched.kind in {"item", "group", "segment"} else []
        if watched.kind == "item":
            broader.append(self._keys.peek("group", watched.group))
        if any(falls_around(each, watched, stream) for each in broader):
            return []  # that will be told
        if behind := culprits(watched, stream, least):
            return self._blame(watched, behind)
        if watched.kind == "topic" and self._is_told_otherwise(watched):
            watched.calm()
            return []
        return [self._tell(watched, stream, watched.staked, watched.winnings)]

    def _blame(self, broad: Watched, behind: Sequence[tuple[Kind, str]]) -> list[DriftAlert]:
        """Tell of what accounts for the fall of a broad key, as far as each has evidence of its own."""
        alerts = []
        explained = True
        for kind, name in behind:
            narrow = self._keys.peek(kind, name)
            if narrow is None or narrow.quiet_until_ms > self._clock_ms:
                continue
            stream = narrow.fallen(self._least_fall(narrow), _USERS_OF_CULPRIT)
            if stream is None:
                explained = False
                continue
            alerts.append(self._tell(narrow, stream, broad.staked, broad.winnings))
        if alerts or explained:
            broad.calm()
            self._keys.change(broad)
        return alerts

    def _is_told_otherwise(self, topic: Watched) -> bool:
        """Return whether most of a topic's texts hold a word of which it has just been told."""
        since_ms = self._clock_ms - int(self._options.cool_down_hours * _HOUR_MS)
        self._told_topics = {word: at_ms for word, at_ms in self._told_topics.items() if at_ms > since_ms}
        shared = sum(any(word in self._told_topics for word in words_of(said.text)) for said in topic.said)
        return shared * 2 > len(topic.said)

    def _tell(self, watched: Watched, stream: int, staked: float, winnings: float) -> DriftAlert:
        """Make the alert of a key, and take what it tells for the new normal."""
        detector = watched.streams[stream]
        before, after, since_ms = detector.before(), detector.after(), detector.since_ms
        fall = Fall(
            stream=stream,
            before=before,
            after=after,
            since_ms=since_ms,
            detected_ms=self._clock_ms,
            confidence=1.0 - min(1.0, staked / winnings),
            evidence=telling_texts(watched.said, self._words, since_ms=since_ms, below=before.mean, mask=self._mask),
            bundle=self._bundle,
        )
        alert = build_alert(watched, fall)
        watched.tell(self._clock_ms + int(self._options.cool_down_hours * _HOUR_MS))
        self._keys.change(watched)
        if watched.kind == "topic":
            self._told_topics[watched.id] = self._clock_ms
        elif watched.kind in {"everywhere", "group"}:
            for other in self._keys.each():
                if other is not watched and (watched.kind == "everywhere" or other.group == watched.id):
                    other.restart()
        return alert

"""The segmenter: told every score, it says which segment the user is in."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import xxhash

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import Score
from contento.contracts.messages import Segment as SegmentMessage
from contento.contracts.validation import time_ms
from contento.segments.clusters import find_clusters, merits
from contento.segments.description import Portrait, portray
from contento.segments.evidence import evidence_of
from contento.segments.fitted import Fitted
from contento.segments.identity import Identities, SegmentChange, identify, number_of
from contento.segments.message import segment_message
from contento.segments.options import SegmenterOptions
from contento.segments.profile import Profile
from contento.segments.space import find_space, reads
from contento.segments.tally import Tally
from contento.segments.weighing import Weighing

_FORMAT: Final = 1
_HEAD, _FITTED, _DWELL = "head", "fitted", "dwell"
_USER, _TALLY = "user:", "segment:"
_FIRST_FIT: Final = 500
"""Scores between the first fits."""
_OF_EACH: Final = 12
"""Users for each segment, below which a fit could not tell them apart: while one bundle follows another, few can
be placed, and the segments stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Where a user is.

    Attributes:
        segment: Id of the segment.
        changed: Whether it is another than was last answered for this user.
    """

    segment: str
    changed: bool


class Segmenter:
    """Segments of users, found as the stream goes. Follows `contento.contracts.checkpoint.Checkpointed`.

    Deterministic: the same scores in the same order give the same answers, and a restored one goes on to
    the same bytes. Every some thousand scores the segments are found anew, within the call
    of `scored`, which then takes some tenths of a second.
    """

    def __init__(
        self,
        options: SegmenterOptions | None = None,
        *,
        item_group_of: Callable[[str], str] = lambda _item_id: "",
    ) -> None:
        """Start with no user known.

        Args:
            options: Sizes and thresholds.
            item_group_of: Group of an item, e.g. its category or brand, for descriptions; empty: unknown.
        """
        self.options = options or SegmenterOptions()
        self._group_of = item_group_of
        self._retain = 0.5 ** (1 / self.options.half_life_events)
        self._users: OrderedDict[str, Profile] = OrderedDict()  # the one longest unseen is first
        self._weighing = Weighing()
        self._fitted: Fitted | None = None
        self._tallies: dict[str, Tally] = {}
        self._since: dict[str, int] = {}
        self._changes: list[SegmentChange] = []
        self._scores = self._time_ms = self._next_fit = 0
        self._merits: dict[int, float] = {}
        self._next_number = 1
        self._touched: dict[str, None] = {}
        self._told: dict[str, None] = {}
        self._refitted = False

    @property
    def changes(self) -> Sequence[SegmentChange]:
        """Splits, merges, births and ends, oldest first."""
        return tuple(self._changes)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the segments there are, oldest first."""
        return tuple(sorted(self._tallies, key=number_of))

    @property
    def bundle(self) -> str:
        """Hash of the bundle whose representations the segments were last found in; empty: none were found yet."""
        return self._fitted.space.bundle if self._fitted else ""

    def segment_of(self, user: str) -> str:
        """Return the id of a user's segment; empty: none, or the user is not remembered."""
        profile = self._users.get(user)
        return profile.segment if profile else ""

    def scored(self, score: Score) -> Assignment | None:
        """Take in a score and return its user's segment; `None`: too little is known of the user, or of all."""
        self._scores += 1
        self._time_ms = max(self._time_ms, time_ms(score.event_time))
        profile = self._profile(score.user_id)
        evidence = evidence_of(score)
        weight = self._weighing.weight(score, evidence)
        profile.seen = self._scores
        profile.add(
            evidence,
            weight,
            bundle=score.bundle,
            satisfaction=score.satisfaction.value,
            retain=self._retain,
        )
        if self._scores >= self._next_fit:
            self._next_fit = self._scores + min(max(self._scores // 5, _FIRST_FIT), self.options.refit_every)
            self._refit()
        if self._fitted is None or profile.events < self.options.assign_events:
            return None
        profile.segment = self._fitted.nearest(profile, self.options.margin)
        if not profile.segment:
            return None
        changed = profile.segment != profile.told
        profile.told = profile.segment
        item, group = score.item_id, self._group_of(score.item_id) if score.item_id else ""
        self._tallies[profile.segment].add(
            (
                ("types", (score.event_type,)),
                ("groups", (group,) if group else ()),
                ("items", (item,) if item else ()),
                ("words", evidence.words),
            ),
            max(weight, 0.0),
            score.satisfaction.value,
        )
        self._told[profile.segment] = None
        return Assignment(segment=profile.segment, changed=changed)

    def portrait(self, segment: str) -> Portrait:
        """Return what a segment's users do and like.

        Raises:
            KeyError: There is no such segment.
        """
        members = self._members()
        mine = [each.satisfaction for each in self._users.values() if each.segment == segment]
        return portray(
            self._tallies[segment],
            [tally for name, tally in self._tallies.items() if name != segment],
            users=members[segment],
            share=members[segment] / max(members.total(), 1),
            satisfaction=sum(mine) / len(mine) if mine else None,
        )

    def describe(self, segment: str) -> str:
        """Return a description in words.

        Raises:
            KeyError: There is no such segment.
        """
        return self.portrait(segment).description

    def segments(self) -> list[SegmentMessage]:
        """Return all segments, oldest first, as they are written to the store."""
        return [
            segment_message(
                name,
                self.portrait(name),
                since_ms=self._since[name],
                updated_ms=self._time_ms,
                bundle=self.bundle,
                changes=[each for each in self._changes if name in each.before or name in each.after],
            )
            for name in self.ids
        ]

    def changed(self) -> Mapping[str, bytes | None]:
        """Return the entries that have changed since the last call; see `Checkpointed`."""
        entries: dict[str, bytes | None] = {}
        for user in self._touched:
            profile = self._users.get(user)
            entries[_USER + user] = profile.to_bytes() if profile else None
        for segment in self._told:
            tally = self._tallies.get(segment)
            entries[_TALLY + segment] = tally.to_bytes() if tally else None
        if self._touched or self._told:
            entries[_HEAD], entries[_DWELL] = self._head(), self._weighing.to_bytes()
        if self._refitted and self._fitted:
            entries[_FITTED] = self._fitted.to_bytes()
        self._touched, self._told, self._refitted = {}, {}, False
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Take up kept state; see `Checkpointed`.

        Raises:
            StateFormatError: An entry is of a format that this version does not read.
        """
        if not entries:
            return
        head: dict[str, Any] = orjson.loads(entries[_HEAD])
        if head.get("format") != _FORMAT:
            raise StateFormatError(
                "the kept segment state is of another format: start with an empty one, or with the version of "
                "Contento that wrote it"
            )
        self._scores, self._time_ms = head["scores"], head["time_ms"]
        self._next_fit, self._next_number = head["next_fit"], head["next_number"]
        self._merits = {int(count): merit for count, merit in head["merits"]}
        self._since = head["since"]
        self._changes = [
            SegmentChange(**{**each, "before": tuple(each["before"]), "after": tuple(each["after"])})
            for each in head["changes"]
        ]
        self._weighing = Weighing.from_bytes(entries[_DWELL])
        self._fitted = Fitted.from_bytes(entries[_FITTED]) if _FITTED in entries else None
        users = {
            name.removeprefix(_USER): Profile.from_bytes(data)
            for name, data in entries.items()
            if name.startswith(_USER)
        }
        self._users = OrderedDict(sorted(users.items(), key=lambda each: each[1].seen))
        self._tallies = {name: Tally.from_bytes(entries[_TALLY + name]) for name in sorted(self._since, key=number_of)}

    def _head(self) -> bytes:
        return orjson.dumps(
            {
                "format": _FORMAT,
                "scores": self._scores,
                "time_ms": self._time_ms,
                "next_fit": self._next_fit,
                "merits": list(self._merits.items()),
                "next_number": self._next_number,
                "since": self._since,
                "changes": self._changes,
            }
        )

    def _profile(self, user: str) -> Profile:
        """Return a user's profile, now the one seen last; forget the one longest unseen where there are too many."""
        profile = self._users.get(user)
        if profile is None:
            profile = self._users[user] = Profile()
            if len(self._users) > self.options.max_users:
                forgotten, _ = self._users.popitem(last=False)
                self._touched[forgotten] = None
        else:
            self._users.move_to_end(user)
        self._touched[user] = None
        return profile

    def _members(self) -> Counter[str]:
        return Counter(profile.segment for profile in self._users.values() if profile.segment)

    def _refit(self) -> None:
        """Find the segments anew, and keep the names of those that are still there."""
        sample = self._sample()
        if len(sample) < self.options.fit_users:
            return
        profiles = list(sample.values())
        found = find_space(profiles, self._bundle_to_read(profiles))
        if found is None:
            return
        space, placed = found
        if len(placed.rows) < max(self.options.fit_users, _OF_EACH * len(self.ids)):
            return
        members = [profiles[row] for row in placed.rows.tolist()]
        before = [each.segment for each in members]
        clusters = find_clusters(placed, before, self._number(merits(placed, most=self.options.most_segments)))
        identities = identify(
            before,
            clusters.labels.tolist(),
            len(clusters.centres),
            known=self.ids,
            next_number=self._next_number,
            time_ms=self._time_ms,
        )
        self._fitted = Fitted(space=space, centres=clusters.centres, names=identities.names)
        self._refitted = True
        self._rename(identities)
        for user, profile in sample.items():
            profile.segment = self._fitted.nearest(profile, self.options.margin)
            self._touched[user] = None

    def _sample(self) -> dict[str, Profile]:
        """Return the users a fit looks at: those with events enough; of too many, always the same by their ids."""
        known = {name: each for name, each in self._users.items() if each.events >= self.options.fit_events}
        order = sorted(known, key=lambda name: (xxhash.xxh3_64_intdigest(name.encode()), name))
        return {name: known[name] for name in order[: self.options.sample_users]}

    def _number(self, found: Mapping[int, float]) -> int:
        """Return how many segments to look for: another number than before only when it is clearly better."""
        options, before = self.options, self._merits
        self._merits = {
            count: before.get(count, 0.0) + options.newest * (merit - before.get(count, 0.0)) if before else merit
            for count, merit in found.items()
        }
        best = max(self._merits, key=lambda count: (self._merits[count], -count), default=1)
        highest, present = self._merits.get(best, 0.0), len(self.ids)
        if present <= 1:
            return best if highest >= options.floor else 1
        # Segments are not given up where they would be found.
        if highest < options.floor / 2:
            return 1
        return best if highest >= options.gain * self._merits.get(present, 0.0) else present

    def _bundle_to_read(self, profiles: Sequence[Profile]) -> str:
        """Return the bundle whose representations tell of the most users.

        A new one is read only once it knows most of the users it has met, so that its first guesses, which
        are chance, rearrange nothing; until then all stay where they are.
        """
        met = Counter(each.bundle for each in profiles)
        known = Counter(each.bundle for each in profiles if reads(each, each.bundle))
        ready = {bundle for bundle, count in known.items() if count >= max(met[bundle] / 2, self.options.fit_users)}
        choice = ready | {self.bundle} if self.bundle else met.keys()
        return min(choice, key=lambda bundle: (-known[bundle], bundle))

    def _rename(self, identities: Identities) -> None:
        """Let users, counters and records follow what happened to the segments."""
        self._next_number = identities.next_number
        self._changes = [*self._changes, *identities.changes][-self.options.kept_changes :]
        for name in identities.names:
            if name not in self._tallies:
                self._tallies[name], self._since[name] = Tally(), self._time_ms
                self._told[name] = None
        for name, successor in identities.successors.items():
            tally = self._tallies.pop(name)
            del self._since[name]
            self._told[name] = None
            if successor:
                self._tallies[successor].join(tally)
                self._told[successor] = None
        for user, profile in self._users.items():
            if profile.segment in identities.successors:
                profile.segment = identities.successors[profile.segment]
                self._touched[user] = None

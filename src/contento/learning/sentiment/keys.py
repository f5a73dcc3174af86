"""The keys that are watched: at most so many of each kind, those seen last, and what of them has changed."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import orjson

from contento.contracts.checkpoint import StateFormatError
from contento.learning.sentiment.evidence import Said
from contento.learning.sentiment.watched import Kind, Watched

_VERSION: Final = 2
_TEXTS: Final = "texts/"
"""Texts change less often than figures and are longer: they have an entry of their own."""


class WatchedKeys:
    """Watched keys by kind and id."""

    def __init__(self, limits: Mapping[Kind, int], texts: int) -> None:
        """Start empty.

        Args:
            limits: Keys of each kind that are kept; one beyond takes the place of the one seen longest ago.
            texts: Texts kept of each.
        """
        self._limits, self._texts = limits, texts
        self._kinds: dict[Kind, OrderedDict[str, Watched]] = {kind: OrderedDict() for kind in get_args(Kind)}
        self._touches = 0
        self._changed: dict[str, Watched | None] = {}
        self._changed_texts: dict[str, Watched | None] = {}

    def touch(self, kind: Kind, id_: str) -> Watched:
        """Return a key, which begins to be watched if it is new; it counts as changed."""
        keys = self._kinds[kind]
        watched = keys.get(id_)
        if watched is None:
            watched = keys[id_] = Watched(kind, id_, self._texts)
            if len(keys) > self._limits[kind]:
                _, gone = keys.popitem(last=False)
                self._changed[gone.name] = None
                self._changed_texts[gone.name] = None
        else:
            keys.move_to_end(id_)
        self._touches += 1
        watched.touched = self._touches
        self._changed[watched.name] = watched
        return watched

    def peek(self, kind: Kind, id_: str) -> Watched | None:
        """Return a key if it is watched."""
        return self._kinds[kind].get(id_)

    def hear(self, watched: Watched, said: Said) -> None:
        """Keep a text of a key."""
        watched.said.append(said)
        self._changed_texts[watched.name] = watched

    def each(self) -> Iterator[Watched]:
        """Yield all keys for a change of all: each counts as changed."""
        for keys in self._kinds.values():
            for watched in keys.values():
                self._changed[watched.name] = watched
                yield watched

    def change(self, watched: Watched) -> None:
        """Let a key that was peeked at count as changed."""
        self._changed[watched.name] = watched

    def changed(self) -> dict[str, bytes | None]:
        """Return the entries that have changed since the last call."""
        found: dict[str, bytes | None] = {}
        for name, watched in self._changed.items():
            found[name] = None if watched is None else orjson.dumps([_VERSION, *watched.state()])
        for name, watched in self._changed_texts.items():
            found[_TEXTS + name] = None if watched is None else orjson.dumps([_VERSION, *watched.texts_state()])
        self._changed, self._changed_texts = {}, {}
        return found

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Take up keys from their entries.

        Raises:
            StateFormatError: An entry is none of a key's, or of a format that this version does not read.
        """
        found: list[Watched] = []
        for name, entry in entries.items():
            if name.startswith(_TEXTS):
                continue
            kind, _, id_ = name.partition("/")
            known = next((each for each in self._kinds if each == kind), None)
            if known is None:
                raise unknown_format(name)
            watched = Watched(known, id_, self._texts)
            watched.take_state(read_entry(name, entry, _VERSION))
            found.append(watched)
        for watched in sorted(found, key=lambda each: each.touched):
            self._touches = watched.touched
            self._kinds[watched.kind][watched.id] = watched
            name = _TEXTS + watched.name
            if name in entries:
                watched.take_texts(read_entry(name, entries[name], _VERSION))


def read_entry(name: str, entry: bytes, version: int) -> list[Any]:
    """Return what an entry holds besides its version.

    Raises:
        StateFormatError: It is of a format that this version does not read.
    """
    try:
        found = orjson.loads(entry)
    except orjson.JSONDecodeError as error:
        raise unknown_format(name) from error
    if not isinstance(found, list) or not found or found[0] != version:
        raise unknown_format(name)
    return found[1:]


def unknown_format(name: str) -> StateFormatError:
    """Return the error that names an entry which this version does not read."""
    return StateFormatError(
        f"entry {name!r} of the sentiment watch is of a format that this version does not read: "
        "run the version that wrote it, or remove the entry, and what is normal is learnt anew"
    )

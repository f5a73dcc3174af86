"""All that the learner remembers, in one SQLite file, changed together with its Kafka offsets."""

import sqlite3
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from contento.contracts.errors import ContentoError
from contento.contracts.messages import Feedback, Score
from contento.contracts.validation import time_ms
from contento.learning.factors import Kept, Side

_FORMAT: Final = 2
"""To be raised with every change of the tables."""
_TABLES: Final = """
create table about (name text primary key, value text not null) without rowid;
create table offsets (topic text, number integer, next integer not null, primary key (topic, number)) without rowid;
create table state (part text, name text, value blob not null, primary key (part, name)) without rowid;
create table factors (
    side text, id text, at_ms integer not null, value blob not null, precision blob not null, unique (side, id)
);
create index stale_factors on factors (at_ms);
create table outbox (number integer primary key, kind text not null, key text not null, value blob, unique (kind, key));
create table scores (
    number integer primary key, event text not null unique, pair text not null, event_ms integer not null,
    at_ms integer not null, value blob not null
);
create index last_events on scores (pair, event_ms);
create table labels (event text, subject text, label text not null, primary key (event, subject)) without rowid;
create table feedback (number integer primary key, id text not null unique, at_ms integer not null);
create table waiting (
    number integer primary key, subject text not null, given_ms integer not null, at_ms integer not null,
    value blob not null
);
"""
_WAITING_IN_MEMORY: Final = 10_000
"""Feedback that waits and need not be read again: its score is a moment behind, as a rule."""
_SWEPT_AT_ONCE: Final = 5_000
"""Rows that one sweep forgets at most: a few milliseconds."""

OutboxKind = Literal["factors", "correction", "segment", "segment_meta", "alert", "webhook", "dead_letter"]


class LearnerStoreError(ContentoError):
    """The learner's store cannot be used as it is."""


class LearnerStore:
    """One file, one process. Nothing is kept unless it happens within `transaction`.

    SQLite's write-ahead log makes a transaction whole or nothing, whenever the process is killed; when the machine
    loses power, the last ones may be lost, offsets and all, and are done again.
    """

    def __init__(self, path: Path, *, cluster: str) -> None:
        """Open a store, or make one.

        Args:
            path: The file; its directory is made.
            cluster: Id of the Kafka cluster whose offsets it holds.

        Raises:
            LearnerStoreError: Another learner has it open, or it belongs to another cluster, or to another version.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=1.0, cached_statements=256)
        try:
            self._prepare(path, cluster)
        except sqlite3.OperationalError as error:
            self.close()
            raise LearnerStoreError(
                f"the learner's store {path} cannot be opened ({error}): stop the other learner that uses it, "
                "or give this one a CONTENTO_LEARNER_DIRECTORY of its own"
            ) from error
        except sqlite3.DatabaseError as error:
            self.close()
            raise LearnerStoreError(
                f"the learner's store {path} is damaged ({error}): restore it from a copy, "
                "or move it away and let the learner read the topics again"
            ) from error
        except LearnerStoreError:
            self.close()
            raise

    def _prepare(self, path: Path, cluster: str) -> None:
        self._db.execute("pragma page_size = 16384")  # a score takes 2 to 3 KB: with small pages, half of each is empty
        self._db.execute("pragma locking_mode = exclusive")
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("pragma cache_size = -65536")  # 64 MiB
        self._db.execute("pragma wal_autocheckpoint = 2000")  # 32 MiB
        self._db.execute("begin immediate")
        if not self._db.execute("select 1 from sqlite_master").fetchone():
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.executemany(
                "insert into about values (?, ?)",
                [("format", str(_FORMAT)), ("cluster", cluster), ("score_bytes", "0")],
            )
        self._db.execute("commit")
        about = dict(self._db.execute("select name, value from about"))
        if about["format"] != str(_FORMAT):
            raise LearnerStoreError(
                f"the learner's store {path} has format {about['format']}, and this version reads {_FORMAT}: "
                "run the version that wrote it, or move it away and let the learner read the topics again"
            )
        if about["cluster"] != cluster:
            raise LearnerStoreError(
                f"the learner's store {path} holds offsets of Kafka cluster {about['cluster']!r}, and this is "
                f"{cluster!r}: set CONTENTO_KAFKA to that cluster, or CONTENTO_LEARNER_DIRECTORY to another directory"
            )
        self._score_bytes = int(about["score_bytes"])
        self._note_waiting()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens within is kept when it ends; an exception undoes it."""
        before = self._score_bytes
        self._db.execute("begin immediate")
        try:
            yield
            self._db.execute("update about set value = ? where name = 'score_bytes'", (str(self._score_bytes),))
            self._db.execute("commit")
        except BaseException:
            self._score_bytes = before
            if self._db.in_transaction:
                self._db.execute("rollback")
            self._note_waiting()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # Offsets, parts, factors, outbox.

    def offsets(self) -> dict[tuple[str, int], int]:
        """Return the next offset to read of each topic and partition."""
        return {(topic, number): following for topic, number, following in self._db.execute("select * from offsets")}

    def set_offsets(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Keep the next offsets."""
        self._db.executemany(
            "insert or replace into offsets values (?, ?, ?)",
            [(topic, number, following) for (topic, number), following in offsets.items()],
        )

    def part(self, part: str) -> dict[str, bytes]:
        """Return the entries of a part, as its `restore` takes them."""
        return dict(self._db.execute("select name, value from state where part = ?", (part,)))

    def entry(self, part: str, name: str) -> bytes | None:
        """Return one entry of a part."""
        row = self._db.execute("select value from state where part = ? and name = ?", (part, name)).fetchone()
        return row[0] if row else None

    def set_part(self, part: str, changed: Mapping[str, bytes | None]) -> None:
        """Keep what has changed of a part."""
        for name, value in changed.items():
            if value is None:
                self._db.execute("delete from state where part = ? and name = ?", (part, name))
            else:
                self._db.execute("insert or replace into state values (?, ?, ?)", (part, name, value))

    def factors(self, side: Side, identity: str) -> Kept | None:
        """Return what is kept of a `user` or an `item`."""
        row = self._db.execute(
            "select value, precision from factors where side = ? and id = ?", (side, identity)
        ).fetchone()
        return Kept(*row) if row else None

    def set_factors(self, changed: Mapping[tuple[Side, str], tuple[Kept, int]]) -> None:
        """Keep factors, and when the last rating that shaped them came, in unix milliseconds."""
        self._db.executemany(
            "insert into factors values (?, ?, ?, ?, ?) on conflict do update set "
            "at_ms = excluded.at_ms, value = excluded.value, precision = excluded.precision",
            [(side, identity, at_ms, *kept) for (side, identity), (kept, at_ms) in changed.items()],
        )

    def has_stale_factors(self, before_ms: int) -> bool:
        """Return whether some kept factors have been shaped by no feedback since before a time."""
        return self._db.execute("select 1 from factors where at_ms < ? limit 1", (before_ms,)).fetchone() is not None

    def take_stale_factors(self, before_ms: int) -> list[tuple[Side, str]]:
        """Return, and keep no longer, the factors that no feedback has shaped since before a time."""
        stale: list[tuple[Side, str]] = self._db.execute(
            "select side, id from factors where at_ms < ? order by at_ms, side, id limit ?", (before_ms, _SWEPT_AT_ONCE)
        ).fetchall()
        self._db.executemany("delete from factors where side = ? and id = ?", stale)
        return stale

    def post(self, kind: OutboxKind, entries: Mapping[str, bytes | None]) -> None:
        """Put effects into the outbox, each under a key; one of the same key that is still there is replaced."""
        self._db.executemany(
            "insert or replace into outbox (kind, key, value) values (?, ?, ?)",
            [(kind, key, value) for key, value in entries.items()],
        )

    def outbox(self, kind: OutboxKind, most: int) -> list[tuple[int, str, bytes | None]]:
        """Return number, key and value of the oldest effects that are not out."""
        found: list[tuple[int, str, bytes | None]] = self._db.execute(
            "select number, key, value from outbox where kind = ? order by number limit ?", (kind, most)
        ).fetchall()
        return found

    def sent(self, numbers: Iterable[int]) -> None:
        """Take effects that are out from the outbox."""
        self._db.executemany("delete from outbox where number = ?", [(number,) for number in numbers])

    # What the join remembers: `contento.learning.join.base.JoinStore`.

    def add_score(self, score: Score, at_ms: int) -> bool:
        """See `JoinStore.add_score`."""
        value = score.SerializeToString()
        added = self._db.execute(
            "insert or ignore into scores (event, pair, event_ms, at_ms, value) values (?, ?, ?, ?, ?)",
            (
                _key(score.user_id, score.event_id),
                _key(score.user_id, score.item_id),
                time_ms(score.event_time),
                at_ms,
                value,
            ),
        ).rowcount
        self._score_bytes += len(value) * added
        return bool(added)

    def score(self, user_id: str, event_id: str) -> Score | None:
        """See `JoinStore.score`."""
        row = self._db.execute("select value from scores where event = ?", (_key(user_id, event_id),)).fetchone()
        return Score.FromString(row[0]) if row else None

    def last_event(self, user_id: str, item_id: str, *, until_ms: int) -> tuple[str, int] | None:
        """See `JoinStore.last_event`."""
        row = self._db.execute(
            "select event, event_ms from scores where pair = ? and event_ms <= ? order by event_ms desc, number desc "
            "limit 1",
            (_key(user_id, item_id), until_ms),
        ).fetchone()
        return (row[0].partition("\0")[2], row[1]) if row else None

    def remember_feedback(self, feedback_id: str, at_ms: int) -> bool:
        """See `JoinStore.remember_feedback`."""
        return bool(
            self._db.execute("insert or ignore into feedback (id, at_ms) values (?, ?)", (feedback_id, at_ms)).rowcount
        )

    def remember_label(self, user_id: str, event_id: str, subject: str, label: str) -> str | None:
        """See `JoinStore.remember_label`."""
        event = _key(user_id, event_id)
        if self._db.execute("insert or ignore into labels values (?, ?, ?)", (event, subject, label)).rowcount:
            return None
        (before,) = self._db.execute(
            "select label from labels where event = ? and subject = ?", (event, subject)
        ).fetchone()
        return str(before)

    def add_waiting(self, feedback: Feedback, at_ms: int) -> None:
        """See `JoinStore.add_waiting`."""
        subject, given_ms = _waits_for(feedback), time_ms(feedback.time)
        number = self._db.execute(
            "insert into waiting (subject, given_ms, at_ms, value) values (?, ?, ?, ?)",
            (subject, given_ms, at_ms, feedback.SerializeToString()),
        ).lastrowid
        assert number is not None  # noqa: S101 - a row was inserted
        self._waiting[subject].append((number, given_ms))
        self._newest_waiting[number] = feedback
        if len(self._newest_waiting) > _WAITING_IN_MEMORY:
            self._newest_waiting.popitem(last=False)

    def take_waiting(self, user_id: str, event_id: str, item_id: str, *, since_ms: int) -> list[Feedback]:
        """See `JoinStore.take_waiting`."""
        event, item = f"event\0{_key(user_id, event_id)}", f"item\0{_key(user_id, item_id)}"
        if event not in self._waiting and item not in self._waiting:
            return []
        found = [(number, event) for number, _ in self._waiting.get(event, ())]
        found += [(number, item) for number, given_ms in self._waiting.get(item, ()) if given_ms >= since_ms]
        return self._take(sorted(found))

    def take_expired(self, before_ms: int) -> list[Feedback]:
        """See `JoinStore.take_expired`."""
        rows = self._db.execute(
            "select number, subject from waiting where at_ms < ? order by number limit ?",
            (before_ms, _SWEPT_AT_ONCE),
        ).fetchall()
        return self._take(rows)

    def forget(self, before_ms: int, most_bytes: int) -> int:
        """See `JoinStore.forget`."""
        self._db.execute(
            "delete from feedback where number in (select number from feedback order by number limit ?) and at_ms < ?",
            (_SWEPT_AT_ONCE, before_ms),
        )
        oldest = self._db.execute(
            "select number, event, at_ms, length(value) from scores order by number limit ?", (_SWEPT_AT_ONCE,)
        )
        gone: list[tuple[int, str]] = []
        beyond = 0
        for number, event, at_ms, size in oldest:
            too_old = at_ms < before_ms
            if not too_old and self._score_bytes <= most_bytes:
                break
            beyond += not too_old
            self._score_bytes -= size
            gone.append((number, event))
        self._db.executemany("delete from scores where number = ?", [(number,) for number, _ in gone])
        self._db.executemany("delete from labels where event = ?", [(event,) for _, event in gone])
        return beyond

    def _take(self, rows: list[tuple[int, str]]) -> list[Feedback]:
        """Return what waits under these numbers and subjects, and let it wait no longer."""
        messages = [
            self._newest_waiting.pop(number) if number in self._newest_waiting else self._read_waiting(number)
            for number, _ in rows
        ]
        self._db.executemany("delete from waiting where number = ?", [(number,) for number, _ in rows])
        for number, subject in rows:
            left = [each for each in self._waiting[subject] if each[0] != number]
            if left:
                self._waiting[subject] = left
            else:
                del self._waiting[subject]
        return messages

    def _read_waiting(self, number: int) -> Feedback:
        (value,) = self._db.execute("select value from waiting where number = ?", (number,)).fetchone()
        return Feedback.FromString(value)

    def _note_waiting(self) -> None:
        """Note what feedback waits for: the number and the time of each, by subject."""
        self._newest_waiting: OrderedDict[int, Feedback] = OrderedDict()
        self._waiting: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, subject, given_ms in self._db.execute("select number, subject, given_ms from waiting"):
            self._waiting[subject].append((number, given_ms))


def _key(user_id: str, rest: str) -> str:
    return f"{user_id}\0{rest}"


def _waits_for(feedback: Feedback) -> str:
    if feedback.event_id:
        return f"event\0{_key(feedback.user_id, feedback.event_id)}"
    return f"item\0{_key(feedback.user_id, feedback.item_id)}"

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from feedback_log import START_MS, score_of

from contento.learning.factors import Kept
from contento.learning.store import LearnerStore, LearnerStoreError


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    store = LearnerStore(tmp_path / "deep" / "learner.sqlite", cluster="c")
    with store.transaction():
        store.set_offsets({("contento.scores", 0): 7})
        store.set_part("drift", {"a": b"1", "b": b"2"})
    with pytest.raises(ZeroDivisionError):
        broken_off(store)
    store.close()
    again = LearnerStore(tmp_path / "deep" / "learner.sqlite", cluster="c")
    assert again.offsets() == {("contento.scores", 0): 7}
    assert again.part("drift") == {"a": b"1", "b": b"2"}
    assert again.entry("drift", "b") == b"2"
    assert again.score("ann", "e1") is None
    again.close()


def broken_off(store: LearnerStore) -> None:
    with store.transaction():
        store.set_offsets({("contento.scores", 0): 8})
        store.set_part("drift", {"a": None, "c": b"3"})
        store.add_score(score_of(), START_MS)
        raise ZeroDivisionError


def test_the_size_of_scores_survives_a_restart(tmp_path: Path) -> None:
    size = len(score_of().SerializeToString())
    for number in range(3):
        store = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
        with store.transaction():
            store.add_score(score_of(f"e{number}"), START_MS)
        store.close()
    store = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
    with store.transaction():
        assert store.forget(0, 2 * size) == 1
        assert store.forget(0, 2 * size) == 0
    store.close()


def test_effects_wait_in_the_outbox_and_the_last_of_a_key_counts(tmp_path: Path) -> None:
    store = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
    with store.transaction():
        store.post("factors", {"user:ann": b"1", "item:i1": b"2"})
        store.post("alert", {"a": b"3"})
        store.post("factors", {"user:ann": b"4"})
    waiting = store.outbox("factors", 10)
    assert [(key, value) for _, key, value in waiting] == [("item:i1", b"2"), ("user:ann", b"4")]
    with store.transaction():
        store.post("factors", {"user:ann": b"5"})
        store.sent([number for number, _, _ in waiting])
    assert [(key, value) for _, key, value in store.outbox("factors", 10)] == [("user:ann", b"5")], (
        "newer than was sent"
    )
    assert len(store.outbox("alert", 10)) == 1
    store.close()


def test_stale_factors_are_taken_out(tmp_path: Path) -> None:
    store = LearnerStore(tmp_path / "learner.sqlite", cluster="c")
    with store.transaction():
        store.set_factors({("user", "ann"): (Kept(b"1", b"x"), 10), ("item", "i1"): (Kept(b"2", b"y"), 20)})
        assert store.take_stale_factors(20) == [("user", "ann")]
        assert store.factors("user", "ann") is None
        assert store.factors("item", "i1") == Kept(b"2", b"y")
    store.close()


def test_one_learner_to_a_store(tmp_path: Path) -> None:
    path = tmp_path / "learner.sqlite"
    first = LearnerStore(path, cluster="c")
    with pytest.raises(LearnerStoreError, match="stop the other learner that uses it, or give this one"):
        LearnerStore(path, cluster="c")
    first.close()
    LearnerStore(path, cluster="c").close()


def test_what_does_not_belong_here_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "learner.sqlite"
    LearnerStore(path, cluster="blue").close()
    with pytest.raises(LearnerStoreError, match="holds offsets of Kafka cluster 'blue', and this is 'green': set"):
        LearnerStore(path, cluster="green")
    with closing(sqlite3.connect(path)) as db:
        db.execute("update about set value = '99' where name = 'format'")
        db.commit()
    with pytest.raises(LearnerStoreError, match="has format 99, and this version reads 2: run the version that wrote"):
        LearnerStore(path, cluster="blue")
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"no database at all" * 100)
    with pytest.raises(LearnerStoreError, match=r"is damaged .*: restore it from a copy"):
        LearnerStore(other, cluster="blue")

from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Feedback, Item, Score, UserEvent
from contento.eventlog.writing import write_log
from contento.training.readers import open_source

EVENTS = [
    UserEvent(event_id=f"e{number}", user_id="u", type="view", time=Timestamp(seconds=9 - number))
    for number in range(3)
]
ANSWER = Feedback(feedback_id="f", user_id="u", event_id="e0", time=Timestamp(seconds=5), rating=4)


def test_a_log_is_read_in_its_own_order(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl.zst"
    write_log(path, [Item(item_id="i1"), EVENTS[0], Score(event_id="e0"), ANSWER, Item(item_id="i2"), *EVENTS[1:]])
    source = open_source(f"log:{path}")
    assert source.size == 3
    assert [item.item_id for item in source.items()] == ["i1", "i2"]
    assert list(source.records()) == [EVENTS[0], ANSWER, *EVENTS[1:]]
    assert list(source.records()) == [EVENTS[0], ANSWER, *EVENTS[1:]]

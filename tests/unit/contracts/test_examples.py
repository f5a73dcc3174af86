"""Golden examples, and the page made from the registries."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format

from contento.contracts import headers, redis_keys
from contento.contracts.codec import decode
from contento.contracts.messages import Feedback, Item, ModelEvent, Score, UserEvent
from contento.contracts.redis_keys import GROUP_LIVE_FIELDS, REDIS_KEYS, USER_LIVE_FIELDS
from contento.contracts.rejection import MEANINGS, REJECTION_CODES
from contento.contracts.topics import TOPICS, Topic
from contento.contracts.validation import time_ms, validate
from contento.model.features import identity

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/contracts.md"
WITH_MESSAGE = [topic for topic in TOPICS.values() if topic.message is not None]
each_topic = pytest.mark.parametrize("topic", WITH_MESSAGE, ids=lambda topic: topic.name)


@each_topic
def test_an_example_is_taken_as_json_and_as_protobuf(topic: Topic) -> None:
    assert topic.message is not None
    message = topic.example()
    given = topic.example_file.read_bytes()
    assert decode(topic.message, given, {headers.CONTENT_TYPE: b"application/json"}) == message
    assert decode(topic.message, message.SerializeToString(), {}) == message
    times: list[Any] = [value for field, value in message.ListFields() if field.name.endswith("time")]
    assert times
    validate(message, now_ms=max(map(time_ms, times)))


@each_topic
def test_an_example_says_all_it_says_and_all_there_is(topic: Topic) -> None:
    """Nothing is lost on the way through the message, and every field but a oneof's others is shown."""
    message = topic.example()
    written = json_format.MessageToDict(message, preserving_proto_field_name=True)
    assert topic.message is not None
    assert json_format.ParseDict(written, topic.message()) == message
    given = json.loads(topic.example_file.read_text())
    assert set(given) == set(written)
    left_out = {field.name for field in message.DESCRIPTOR.fields if field.name not in given}
    in_oneofs = {
        field.name
        for oneof in message.DESCRIPTOR.oneofs
        if message.WhichOneof(oneof.name) is not None
        for field in oneof.fields
    }
    assert left_out <= in_oneofs | {"anomaly"}


def test_each_example_has_its_topic() -> None:
    folder = WITH_MESSAGE[0].example_file.parent
    assert {file.name for file in folder.iterdir()} == {f"{topic.name}.json" for topic in WITH_MESSAGE}
    with pytest.raises(LookupError, match="dlq holds other topics' bytes"):
        TOPICS["dlq"].example()


def test_the_examples_tell_one_story() -> None:
    event, item, feedback, score, model = (
        TOPICS[name].example() for name in ("events", "items", "feedback", "scores", "models")
    )
    assert isinstance(event, UserEvent)
    assert isinstance(item, Item)
    assert isinstance(feedback, Feedback)
    assert isinstance(score, Score)
    assert isinstance(model, ModelEvent)
    assert event.item_id == item.item_id == feedback.item_id == score.item_id
    assert event.event_id == feedback.event_id == score.event_id
    assert event.user_id == feedback.user_id == score.user_id
    assert score.event_time == event.time
    assert model.parent == score.bundle
    (history,) = (t for t in score.features.tensors if t.name == "history_ids")
    last = np.frombuffer(history.data, "<i8").reshape(tuple(history.shape))[-1]
    assert last.tolist() == [identity(event.type), identity(event.item_id)]
    assert sum(score.rating.distribution) == pytest.approx(1, abs=1e-5)
    assert score.rating.mean == pytest.approx(sum(p * n for n, p in enumerate(score.rating.distribution, 1)), abs=1e-5)


def test_every_code_has_a_meaning() -> None:
    assert tuple(MEANINGS) == REJECTION_CODES


@pytest.fixture
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools/generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["generate_docs.py", "--check"])
    tool.main()


def test_a_stale_page_is_found_and_mended(tool: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "contracts.md"
    monkeypatch.setattr(tool, "TARGET", page)
    monkeypatch.setattr(sys, "argv", ["generate_docs.py", "--check"])
    with pytest.raises(SystemExit, match=r"stale: run `python tools/generate_docs\.py`"):
        tool.main()
    page.write_text(PAGE.read_text().replace("7 days", "8 days"))
    with pytest.raises(SystemExit, match="stale"):
        tool.main()
    monkeypatch.setattr(sys, "argv", ["generate_docs.py"])
    tool.main()
    assert page.read_text() == PAGE.read_text()


def test_a_field_without_words_is_refused(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_keys, "GROUP_LIVE_FIELDS", (*GROUP_LIVE_FIELDS, "new"))
    with pytest.raises(SystemExit, match="GROUP_LIVE_FIELDS: each field needs a line of its own and a comment"):
        tool.page()


def test_the_page_names_everything() -> None:
    text = PAGE.read_text()
    for name in (
        *(topic.full_name() for topic in TOPICS.values()),
        *(f"contento:{key.pattern}" for key in REDIS_KEYS.values()),
        *USER_LIVE_FIELDS,
        *GROUP_LIVE_FIELDS,
        *REJECTION_CODES,
        *(value for name, value in vars(headers).items() if name.isupper()),
    ):
        assert f"`{name}`" in text
    for link in {part.split(")")[0] for part in text.split("](../")[1:]}:
        assert (ROOT / link).exists(), link

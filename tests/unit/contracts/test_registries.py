"""Topics, keys, metrics and messages: one source each."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from contento.contracts import messages
from contento.contracts.metrics import METRICS
from contento.contracts.redis_keys import REDIS_KEYS, RedisKeys
from contento.contracts.topics import DEAD_LETTER_ROOM, MAX_RECORD_BYTES, TOPICS

ROOT = Path(__file__).resolve().parents[3]
BUF = Path(sys.executable).with_name("buf")


def test_topics_are_named_and_sized() -> None:
    assert {topic.full_name() for topic in TOPICS.values()} == {
        f"contento.{name}" for name in ("events", "items", "feedback", "scores", "alerts", "models", "dlq")
    }
    for name, topic in TOPICS.items():
        assert topic.name == name
        assert topic.producers
        assert topic.consumers
        assert int(topic.config["max.message.bytes"]) <= MAX_RECORD_BYTES
        assert topic.message is None or topic.message.__name__ in messages.__all__
    largest = {name: int(topic.config["max.message.bytes"]) for name, topic in TOPICS.items()}
    assert largest["dlq"] == MAX_RECORD_BYTES
    assert largest["events"] == MAX_RECORD_BYTES - DEAD_LETTER_ROOM  # its dead letter is larger by the reason
    assert TOPICS["items"].config["cleanup.policy"] == "compact"


def test_a_topics_key_is_a_field_of_its_message() -> None:
    for topic in TOPICS.values():
        if topic.message is not None:
            assert topic.key in topic.message.DESCRIPTOR.fields_by_name


def test_every_key_of_the_registry_can_be_made_and_follows_its_pattern() -> None:
    keys = RedisKeys("p")
    for name, key in REDIS_KEYS.items():
        make = getattr(keys, name)
        arguments = ["<id>"] * len(inspect.signature(make).parameters)
        made = make(*arguments)
        assert made == "p:" + key.pattern.replace("<encoder>", "<id>").replace("<text hash>", "<id>")


def test_a_users_keys_share_a_cluster_slot() -> None:
    keys = RedisKeys()
    tags = {key[key.index("{") : key.index("}")] for key in (keys.user_live("u"), keys.user_history("u"))}
    assert len(tags) == 1


WITHOUT_UNIT = {"contento_learner_quality", "contento_learner_quality_samples"}
"""Of many units, or counts of what is there now."""


def test_metric_names_have_base_units() -> None:
    for name, metric in METRICS.items():
        assert name.endswith(("_total", "_seconds", "_events")) or name in WITHOUT_UNIT, name
        assert (metric.kind == "counter") == name.endswith("_total")
        assert bool(metric.buckets) == (metric.kind == "histogram")


def test_generated_messages_are_current() -> None:
    subprocess.run([sys.executable, str(ROOT / "tools/generate_messages.py"), "--check"], check=True, timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [["lint"], ["format", "--exit-code", "--diff"], ["breaking", "--against", "proto/released.binpb"]],
    ids=lambda arguments: arguments[0],
)
def test_buf_finds_nothing(arguments: list[str]) -> None:
    command = [str(BUF), arguments[0], "proto", *arguments[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_breaking_change_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "contento/v1"
    folder.mkdir(parents=True)
    (tmp_path / "buf.yaml").write_text((ROOT / "proto/buf.yaml").read_text())
    for file in (ROOT / "proto/contento/v1").iterdir():
        (folder / file.name).write_text(file.read_text().replace("string user_id = 2;", "bytes user_id = 2;"))
    against = str(ROOT / "proto/released.binpb")
    command = [str(BUF), "breaking", str(tmp_path), "--against", against]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "user_id" in done.stdout + done.stderr
    assert done.returncode != 0

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from topic_reading import read_topic

from contento.contracts.record import InputRecord, OutputRecord, dead_letter
from contento.contracts.rejection import RejectedRecord
from contento.contracts.topics import DEAD_LETTER_ROOM, TOPICS
from contento.local.stack import Stack
from contento.scoring.kafka_publisher import KafkaPublisher
from contento.scoring.ports import PublishFailed


@pytest.fixture
async def publisher(stack: Stack, prefix: str) -> AsyncIterator[KafkaPublisher]:
    made = KafkaPublisher(prefix, bootstrap_servers=stack.kafka.split(","))
    await made.start()
    yield made
    await made.close()


async def test_each_partition_keeps_its_order(stack: Stack, prefix: str, publisher: KafkaPublisher) -> None:
    sent = [OutputRecord(key=f"u{n % 11}".encode(), value=f"{n}".encode() * 400) for n in range(2000)]
    for begin in range(0, len(sent), 256):
        await publisher.publish("scores", sent[begin : begin + 256])
    records = await read_topic(stack.kafka, prefix, "scores", lambda got: len(got) >= len(sent))
    assert len(records) == len(sent)
    of_key: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for record in records:
        of_key[record.key].append(record.value)
    wanted: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for each in sent:
        assert each.key is not None
        assert each.value is not None
        wanted[each.key].append(each.value)
    assert of_key == wanted
    of_partition: defaultdict[int, list[int]] = defaultdict(list)
    for record in records:
        of_partition[record.partition].append(int(record.value[: len(record.value) // 400]))
    assert len(of_partition) > 1
    assert all(numbers == sorted(numbers) for numbers in of_partition.values())


async def test_records_arrive_as_they_are(stack: Stack, prefix: str, publisher: KafkaPublisher) -> None:
    given = [
        OutputRecord(key=b"k\x00", value=b"\x00\xff", headers=[("a", b"1"), ("b", b""), ("a", b"\xfe")]),
        OutputRecord(key=None, value=None, headers=[("why", b"a producer sent nothing at all")]),
        OutputRecord(key=b"tombstone", value=None),
        OutputRecord(key=None, value=b"no key"),
        OutputRecord(key=b"", value=b""),
        OutputRecord(key=b"large", value=b"x" * 10_000_000),
    ]
    await publisher.publish("dlq", given)
    records = await read_topic(stack.kafka, prefix, "dlq", lambda got: len(got) >= len(given))
    assert [(r.key, r.value, list(r.headers)) for r in records] == [(g.key, g.value, list(g.headers)) for g in given]


async def test_it_returns_once_all_is_acknowledged(
    stack: Stack, prefix: str, publisher: KafkaPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[asyncio.Future[object]] = []
    send = publisher._producer.send

    async def watched(*arguments: object, **named: object) -> asyncio.Future[object]:
        sent.append(await send(*arguments, **named))
        return sent[-1]

    monkeypatch.setattr(publisher._producer, "send", watched)
    await publisher.publish("scores", [OutputRecord(key=f"u{n}".encode(), value=b"v") for n in range(50)])
    assert len(sent) == 50
    assert all(each.done() for each in sent)


async def test_it_connects_by_itself(stack: Stack, prefix: str) -> None:
    publisher = KafkaPublisher(prefix, bootstrap_servers=stack.kafka.split(","))
    try:
        await publisher.publish("dlq", [OutputRecord(key=b"k", value=b"v")])
    finally:
        await publisher.close()
    assert [r.value for r in await read_topic(stack.kafka, prefix, "dlq", bool)] == [b"v"]


async def test_a_record_too_large_is_refused_and_those_before_it_stay(
    stack: Stack, prefix: str, publisher: KafkaPublisher
) -> None:
    with pytest.raises(PublishFailed, match=r"MessageSizeTooLarge.*\(contento doctor\)"):
        await publisher.publish(
            "dlq", [OutputRecord(key=b"k", value=b"first"), OutputRecord(key=b"k", value=b"x" * 17_000_000)]
        )
    await publisher.publish("dlq", [OutputRecord(key=b"k", value=b"after")])
    records = await read_topic(stack.kafka, prefix, "dlq", lambda got: len(got) >= 2)
    assert [r.value for r in records] == [b"first", b"after"]


async def test_the_dead_letter_of_the_largest_record_fits(stack: Stack, prefix: str, publisher: KafkaPublisher) -> None:
    """Else its partition would stand still for ever."""
    largest = int(TOPICS["events"].config["max.message.bytes"])
    record = InputRecord(
        topic="t", partition=0, offset=2**62, timestamp_ms=2**42, key=b"k", value=b"\xff" * (largest - 200), headers=[]
    )
    reason = RejectedRecord("unknown_field", field="\U0001f600" * 5000, expected="x" * 5000, found="y" * 5000)
    letter = dead_letter(record, reason)
    await publisher.publish("dlq", [letter])
    (written,) = await read_topic(stack.kafka, prefix, "dlq", bool)
    assert written.value == record.value
    assert sum(len(name) + len(value) for name, value in letter.headers) < DEAD_LETTER_ROOM / 4


async def test_a_broker_that_is_not_there_is_named_with_what_to_do() -> None:
    publisher = KafkaPublisher("absent", bootstrap_servers=["127.0.0.1:1"])
    with pytest.raises(PublishFailed, match=r"127\.0\.0\.1.*check that the broker runs.*\(contento doctor\)"):
        await publisher.publish("scores", [OutputRecord(key=b"k", value=b"v")])
    await publisher.close()

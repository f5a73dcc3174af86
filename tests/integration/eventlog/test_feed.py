import time
from collections import defaultdict

import pytest
from topic_reading import read_topic

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.eventlog.feed import UNACKNOWLEDGED, Feeder, FeedFailed
from contento.local.stack import Stack


def an_event(number: int) -> UserEvent:
    event = UserEvent(event_id=f"e{number}", user_id=f"u{number % 7}", type="view")
    event.time.FromMilliseconds(1_700_000_000_000 + number)
    return event


async def test_each_user_keeps_their_order_and_all_is_counted(stack: Stack, prefix: str) -> None:
    items = [Item(item_id=f"i{n}", title=f"item {n}") for n in range(20)]
    events = [an_event(n) for n in range(UNACKNOWLEDGED + 500)]  # more than are in flight at once
    records: list[UserEvent | Feedback] = [*events]
    records[10:10] = [Feedback(feedback_id=f"f{n}", user_id="u1", event_id="e1", rating=4) for n in range(3)]
    async with Feeder(stack.kafka, prefix) as feeder:
        await feeder.items(items)
        await feeder.records(records)
        fed = feeder.fed
    assert (fed.items, fed.events, fed.feedback) == (len(items), len(events), 3)
    assert fed.item_ids == [item.item_id for item in items]
    written = await read_topic(stack.kafka, prefix, "events", lambda got: len(got) >= len(events))
    of_user: defaultdict[bytes, list[str]] = defaultdict(list)
    for record in written:
        of_user[record.key].append(UserEvent.FromString(record.value).event_id)
    assert of_user == {
        f"u{user}".encode(): [event.event_id for event in events if event.user_id == f"u{user}"] for user in range(7)
    }
    assert len(await read_topic(stack.kafka, prefix, "items", lambda got: len(got) >= len(items))) == len(items)
    said = await read_topic(stack.kafka, prefix, "feedback", lambda got: len(got) >= 3)
    assert [(record.key, Feedback.FromString(record.value).feedback_id) for record in said] == [
        (b"u1", f"f{n}") for n in range(3)
    ]


async def test_a_rate_is_kept_and_the_feed_can_be_held_back(stack: Stack, prefix: str) -> None:
    seen: list[tuple[str, int]] = []
    async with Feeder(stack.kafka, prefix) as feeder:

        async def before(event: UserEvent) -> None:
            seen.append((event.event_id, feeder.fed.events))

        began = time.monotonic()
        await feeder.records((an_event(n) for n in range(61)), per_second=100, before_event=before)
        took = time.monotonic() - began
    assert took >= 0.59  # the 61st is due 0.6 s after the first
    assert seen == [(f"e{n}", n) for n in range(61)]


async def test_ten_megabytes_and_any_bytes_arrive(stack: Stack, prefix: str) -> None:
    values = [b"\xff" * 10_000_000, None, b"\x00junk"]
    async with Feeder(stack.kafka, prefix) as feeder:
        for value in values:
            await feeder.send_raw("events", b"u", value, [("content-type", b"application/json")])
    records = await read_topic(stack.kafka, prefix, "events", lambda got: len(got) >= len(values))
    assert [record.value for record in records] == values
    assert all(list(record.headers) == [("content-type", b"application/json")] for record in records)


async def test_a_record_that_no_broker_takes_is_told(stack: Stack, prefix: str) -> None:
    async with Feeder(stack.kafka, prefix) as feeder:
        with pytest.raises(FeedFailed, match=r"did not take a record.*contento topics create"):
            await feeder.send_raw("events", b"u", b"x" * 17_000_000)


async def test_no_broker_is_told() -> None:
    with pytest.raises(FeedFailed, match=r"no Kafka broker answers at 127\.0\.0\.1:1: .*start it \(contento up\)"):
        async with Feeder("127.0.0.1:1", "absent"):
            pytest.fail("nobody is there")

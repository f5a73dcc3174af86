from pathlib import Path

import pytest

from contento.contracts.messages import TextKind, UserEvent
from contento.training.data_error import DataError
from contento.training.readers import open_source

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
ROWS = (
    "2019-10-01 00:00:00 UTC,view,1,205,furniture.living_room.sofa,,543.10,u1,s1\n"
    "2019-10-01 00:00:01 UTC,cart,2,206,,shiseido,35.79,u2,s2\n"
    "2019-10-01 00:00:01 UTC,view,1,205,furniture.living_room.sofa,,543.10,u2,s2\n"
    "2019-10-01 00:00:02 UTC,purchase,3,207,,,,u2,\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(HEADER + ROWS)
    return path


def test_events_carry_words_price_and_segment(file: Path) -> None:
    source = open_source(f"rees46:{file}")
    assert source.size == 4
    events = [record for record in source.records() if isinstance(record, UserEvent)]
    assert [(event.event_id, event.type, event.user_id, event.session_id, event.item_id) for event in events] == [
        ("rees46-2", "view", "u1", "s1", "1"),
        ("rees46-3", "cart", "u2", "s2", "2"),
        ("rees46-4", "view", "u2", "s2", "1"),
        ("rees46-5", "purchase", "u2", "", "3"),
    ]
    assert [(event.text, event.text_kind) for event in events][:2] == [
        ("furniture living room sofa", TextKind.TEXT_KIND_ITEM),
        ("shiseido", TextKind.TEXT_KIND_ITEM),
    ]
    assert not events[3].text
    assert [event.value for event in events][:2] == [543.10, 35.79]
    assert not events[3].HasField("value")
    assert dict(events[0].attributes) == {"segment": "furniture", "category": "furniture.living_room.sofa"}
    assert dict(events[1].attributes) == {"segment": "other", "category": "206", "brand": "shiseido"}
    assert [event.time.seconds for event in events] == [1569888000, 1569888001, 1569888001, 1569888002]


def test_each_product_is_an_item_once(file: Path) -> None:
    items = list(open_source(f"rees46:{file}").items())
    assert [(item.item_id, item.title, list(item.categories), item.brand, item.price) for item in items] == [
        ("1", "furniture living room sofa", ["furniture", "living room", "sofa"], "", 543.10),
        ("2", "shiseido", [], "shiseido", 35.79),
        ("3", "", [], "", 0.0),
    ]
    assert not items[2].HasField("price")


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ("soon,view,1,205,,,1,u1,s1\n", "event_time", "a time"),
        ("1,view,1,205,,,free,u1,s1\n", "price", "a number"),
        ("1,,1,205,,,1,u1,s1\n", "event_type", "a value"),
        ("1,view,1,205,,,1,,s1\n", "user_id", "a value"),
    ],
)
def test_a_wrong_row_is_told(file: Path, row: str, field: str, expected: str) -> None:
    file.write_text(HEADER + row)
    with pytest.raises(DataError) as caught:
        list(open_source(f"rees46:{file}").records())
    assert (caught.value.line, caught.value.field) == (2, field)
    assert expected in caught.value.expected

from collections import Counter
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import FieldDescriptor
from pydantic import SecretStr

from contento.contracts.messages import Feedback, Item, Survey, UserEvent
from contento.privacy.personal_data import PersonalData
from contento.privacy.pseudonyms import Pseudonyms
from contento.privacy.source import PEOPLE, TEXTS, masked_source

LEFT = {
    "contento.v1.Item": {"item_id", "image_uri"},
    "contento.v1.UserEvent": {"item_id", "type", "image_uri", "experiment", "arm"},
    "contento.v1.Feedback": {"item_id"},
    "contento.v1.Survey": set(),
}
"""Texts that no person writes: names that applications give, and where a picture lies."""

ITEM = Item(
    item_id="i@1",
    title="Cable by @omar",
    description="Ask omar@example.com",
    categories=["cables", "see www.example.com"],
    brand="Omar's",
    price=9.5,
    attributes={"seller": "+49 30 901820", "colour": "red"},
)
EVENT = UserEvent(
    event_id="e1",
    user_id="jane@example.com",
    session_id="s1",
    item_id="i@1",
    type="review",
    text="Mail jane@example.com, 9/10",
    attributes={"note": "card 4111 1111 1111 1111", "segment": "de"},
    image_uri="https://example.com/jane.png",
)
RATED = Feedback(feedback_id="f1", user_id="jane@example.com", event_id="e1", rating=4, comment="ask @jane")
ASKED = Feedback(feedback_id="f2", user_id="jane@example.com", item_id="i@1")
ASKED.survey.CopyFrom(Survey(question="Would you recommend @brand?", answer=9, scale_max=10))


class Shop:
    name = "shop"
    size = 1

    def items(self) -> Iterator[Item]:
        yield ITEM

    def records(self) -> Iterator[UserEvent | Feedback]:
        yield from (EVENT, RATED, ASKED)


@pytest.fixture(scope="module")
def personal_data() -> PersonalData:
    return PersonalData()


def test_texts_are_masked_and_nothing_else_changes(personal_data: PersonalData) -> None:
    source = masked_source(Shop(), personal_data)
    assert (source.name, source.size) == ("shop", 1)
    item = Item()
    item.CopyFrom(ITEM)
    item.title, item.description, item.categories[1] = "Cable by [handle]", "Ask [email]", "see [link]"
    item.attributes["seller"] = "[phone]"
    assert list(source.items()) == [item]
    event, rated, asked = UserEvent(), Feedback(), Feedback()
    event.CopyFrom(EVENT)
    event.text, event.attributes["note"] = "Mail [email], 9/10", "card [card]"
    rated.CopyFrom(RATED)
    rated.comment = "ask [handle]"
    asked.CopyFrom(ASKED)
    asked.survey.question = "Would you recommend [handle]?"
    assert list(source.records()) == [event, rated, asked]


def test_the_sources_own_records_stay_and_reading_again_gives_the_same(personal_data: PersonalData) -> None:
    before = EVENT.SerializeToString(deterministic=True)
    source = masked_source(Shop(), personal_data)
    assert list(source.records()) == list(source.records())
    assert EVENT.SerializeToString(deterministic=True) == before


def test_what_was_masked_is_told_without_its_values(personal_data: PersonalData) -> None:
    told: Counter[str] = Counter()
    list(masked_source(Shop(), personal_data, report=told.update).records())
    assert told == {"email": 1, "card": 1, "handle": 2}


def test_pseudonyms_keep_who_did_what_and_hide_who_it_is(personal_data: PersonalData) -> None:
    pseudonyms = Pseudonyms(SecretStr("0123456789abcdef"))
    source = masked_source(Shop(), personal_data, pseudonyms=pseudonyms)
    event, rated, asked = source.records()
    assert isinstance(event, UserEvent)
    assert event.user_id == rated.user_id == asked.user_id == pseudonyms.of("jane@example.com")
    assert event.event_id == rated.event_id
    assert (event.item_id, event.session_id) == ("i@1", pseudonyms.of("s1"))
    assert not asked.event_id
    assert next(iter(source.items())).item_id == "i@1"


@pytest.mark.parametrize("message", [Item, UserEvent, Feedback, Survey])
def test_every_text_of_a_message_is_masked_a_persons_id_or_left_for_a_reason(
    message: type[Item | UserEvent | Feedback | Survey],
) -> None:
    """A new field of a message fails here until somebody decides."""
    descriptor = message.DESCRIPTOR
    texts = {
        field.name
        for field in descriptor.fields
        if field.type == FieldDescriptor.TYPE_STRING
        or (field.message_type is not None and field.message_type.GetOptions().map_entry)
    }
    name = descriptor.full_name
    assert texts == {*TEXTS[name], *PEOPLE.get(name, ()), *LEFT[name]}


def test_no_other_message_within_one_holds_texts_that_people_write() -> None:
    within = {
        field.message_type.full_name
        for message in (Item, UserEvent, Feedback)
        for field in message.DESCRIPTOR.fields
        if field.message_type is not None and not field.message_type.GetOptions().map_entry
    }
    known = {"contento.v1.Embedding", "contento.v1.Outcome", "contento.v1.Survey", "google.protobuf.Timestamp"}
    assert within == known

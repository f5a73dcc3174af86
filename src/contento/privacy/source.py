"""A data source whose texts are masked."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from typing import Final, TypeVar

from contento.contracts.messages import Feedback, Item, Survey, UserEvent
from contento.privacy.kinds import Kind
from contento.privacy.personal_data import PersonalData
from contento.privacy.pseudonyms import Pseudonyms
from contento.training.records import Source

Report = Callable[[Mapping[Kind, int]], None]
"""Told for each text how much of each kind was masked in it; nothing for most."""

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "contento.v1.Item": ("title", "description", "categories", "brand", "attributes"),
    "contento.v1.UserEvent": ("text", "attributes"),
    "contento.v1.Feedback": ("comment", "attributes"),
    "contento.v1.Survey": ("question",),
}
"""The fields of each message that people write in; of attributes, the values. All others are left as they are."""

PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "contento.v1.Item": (),
    "contento.v1.UserEvent": ("event_id", "user_id", "session_id"),
    "contento.v1.Feedback": ("feedback_id", "event_id", "user_id"),
}
"""The ids that name a person or what a person did."""

_Record = TypeVar("_Record", bound=Item | UserEvent | Feedback)


def masked_source(
    source: Source,
    personal_data: PersonalData,
    *,
    pseudonyms: Pseudonyms | None = None,
    report: Report = lambda _: None,
) -> Source:
    """Return a source that gives the records of another with their texts masked.

    Args:
        source: Its records are copied, not changed.
        personal_data: Masks the texts.
        pseudonyms: Replaces the ids of users, sessions, events and feedback; `None` leaves all ids as they are.
        report: Told of each text, at every reading.
    """
    return _MaskedSource(source, personal_data, pseudonyms, report)


class _MaskedSource:
    def __init__(
        self, source: Source, personal_data: PersonalData, pseudonyms: Pseudonyms | None, report: Report
    ) -> None:
        self._source = source
        self._personal_data = personal_data
        self._pseudonyms = pseudonyms
        self._report = report

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def size(self) -> int | None:
        return self._source.size

    def items(self) -> Iterator[Item]:
        return map(self._masked, self._source.items())

    def records(self) -> Iterator[UserEvent | Feedback]:
        return map(self._masked, self._source.records())

    def _masked(self, record: _Record) -> _Record:
        masked = deepcopy(record)
        self._mask_fields(masked)
        if isinstance(masked, Feedback) and masked.WhichOneof("kind") == "survey":
            self._mask_fields(masked.survey)
        if self._pseudonyms is not None:
            for field in PEOPLE[masked.DESCRIPTOR.full_name]:
                setattr(masked, field, self._pseudonyms.of(getattr(masked, field)))
        return masked

    def _mask_fields(self, message: Item | UserEvent | Feedback | Survey) -> None:
        for field in TEXTS[message.DESCRIPTOR.full_name]:
            value = getattr(message, field)
            if isinstance(value, str):
                setattr(message, field, self._mask(value))
            elif isinstance(value, MutableMapping):
                for key, text in sorted(value.items()):
                    value[key] = self._mask(text)
            else:
                value[:] = map(self._mask, value)

    def _mask(self, text: str) -> str:
        if not text:
            return text
        masked = self._personal_data.mask(text)
        self._report(masked.counts)
        return masked.text

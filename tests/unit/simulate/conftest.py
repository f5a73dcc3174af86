from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from contento.contracts.messages import Feedback, UserEvent
from contento.simulate.source import SimulatedSource
from contento.simulate.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A world that has been played."""

    source: SimulatedSource
    records: list[UserEvent | Feedback]
    truth: Truth

    @property
    def events(self) -> list[UserEvent]:
        return [record for record in self.records if isinstance(record, UserEvent)]

    @property
    def feedback(self) -> list[Feedback]:
        return [record for record in self.records if isinstance(record, Feedback)]


@pytest.fixture(scope="session")
def play() -> Callable[[str], Played]:
    """Play a scenario, once a session."""

    @cache
    def played(spec: str) -> Played:
        name, _, tail = spec.partition("?")
        options = dict(part.split("=") for part in tail.split("&")) if tail else {}
        source = SimulatedSource(f"simulated:{spec}", name, options)
        records = list(source.records())
        return Played(source=source, records=records, truth=source.truth)

    return played

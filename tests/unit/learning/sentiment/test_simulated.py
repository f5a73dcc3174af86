"""The sentiment watch on simulated worlds, where it is known what broke and when."""

import time

import pytest
from unit.learning.sentiment.shop import Played, simulated, watch

from contento.contracts.validation import time_ms
from contento.learning.judged import Judged
from contento.simulate import vocabulary

BROKEN = "simulated:broken-product?events=60000&users=1500&items=60"
HOUR_MS = 3_600_000
BROKEN_WORDS = tuple(clause.split("{", maxsplit=1)[0].strip() for clause in vocabulary.VERDICTS["quality"][0])
"""What users say of a product that is broken, e.g. `it broke after`."""


def play(spec: str) -> tuple[Played, float]:
    """Return what was told, and the microseconds that a call took."""
    records, played, alerts = simulated(spec)
    watching = watch()
    spent = 0.0
    for record in records:
        began = time.perf_counter()
        alerts += watching.judged(record) if isinstance(record, Judged) else watching.scored(record)
        spent += time.perf_counter() - began
    found = played()
    return found, 1e6 * spent / found.calls


@pytest.mark.slow
def test_broken_items_are_named_soon_with_texts_that_say_so() -> None:
    found, microseconds = play(BROKEN)
    assert len(found.items) == 3
    assert {alert.monitor for alert in found.alerts} == {f"satisfaction/item/{item}" for item in found.items}
    assert len(found.alerts) == 3
    for alert in found.alerts:
        hours = (time_ms(alert.detected_time) - found.start_ms) / HOUR_MS
        assert 0 < hours < 120, alert
        assert alert.after.samples <= 60  # so many labels, and no more, have come since
        assert abs(time_ms(alert.change_time) - found.start_ms) < 60 * HOUR_MS
        said = " ".join(alert.evidence).lower()
        assert any(words.lower() in said for words in BROKEN_WORDS), alert.evidence
    assert microseconds < 500  # 20 to 60 on a core of its own; here to see a call that grows with the state


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["simulated:steady", "simulated:steady?seed=10&events=50000&items=60&users=3000"])
def test_nothing_is_told_of_a_steady_world(spec: str) -> None:
    found, _ = play(spec)
    assert found.calls > 20_000
    assert found.alerts == []

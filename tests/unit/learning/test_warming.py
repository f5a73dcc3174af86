from pathlib import Path
from types import ModuleType

from feedback_log import START_MS, feedback_of, score_of
from numba.core.dispatcher import Dispatcher
from unit.learning.test_learner import Numbered

from contento.learning.learner import Learner
from contento.learning.prequential import prequential
from contento.learning.service.warming import warm_up
from contento.learning.store import LearnerStore
from contento.model import factors
from contento.model.correction import stack, steps, tilt
from contento.model.online import distribution
from contento.segments import profile, space

MODULES: tuple[ModuleType, ...] = (distribution, factors, prequential, profile, space, stack, steps, tilt)


def compiled() -> dict[str, int]:
    """Return for how many types of arguments each function is compiled."""
    return {
        f"{module.__name__}.{name}": len(value.signatures)
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher)
    }


def test_after_warming_up_records_wait_for_no_compiler(tmp_path: Path) -> None:
    warm_up()
    before = compiled()
    assert len(before) > 10
    store, line = LearnerStore(tmp_path / "learner.sqlite", cluster="c"), Numbered()
    learner = Learner(store)
    for number in range(3):
        at_ms = START_MS + number * 3 * 24 * 3600 * 1000
        learner.take([line("scores", score_of(f"e{number}"), at_ms)])
        learner.take([line("feedback", feedback_of(f"f{number}", event=f"e{number}", rating=3.0, at_ms=at_ms), at_ms)])
    assert learner.prequential.quality().mae_now is not None
    assert compiled() == before
    store.close()

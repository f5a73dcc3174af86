from dataclasses import replace
from pathlib import Path

import numpy as np
import planted
import pytest

from contento.model.bundle import load_bundle
from contento.model.explanation.explainer import Explainer
from contento.model.interface import ScorerInputs
from contento.model.rows import empty_rows
from contento.model.store import read_live


@pytest.fixture(scope="package")
def explainers(random_store: Path) -> dict[str, Explainer]:
    """Of the untrained bundles: `serving`, and `candidate`, whose encoder has an adapter."""
    return {arm: Explainer(load_bundle(random_store / name)) for arm, name in read_live(random_store).items()}


@pytest.fixture(scope="package")
def of_planted(tmp_path_factory: pytest.TempPathFactory) -> Explainer:
    return Explainer(planted.planted_bundle(tmp_path_factory.mktemp("planted")))


@pytest.fixture(scope="package")
def row() -> ScorerInputs:
    """A row with six events and no image; its text comes with the explanation."""
    rng = np.random.default_rng(5)
    made = empty_rows(1, text_dimension=384)
    made.history_mask[:, -6:] = True
    made.history_ids[:, -6:] = rng.integers(1, 2**62, (1, 6, 2))
    made.history_values[:, -6:] = rng.normal(size=(1, 6, 8))
    made.present[:, 2:] = True
    return replace(made, factors=rng.normal(size=made.factors.shape).astype(np.float32))

"""What a bundle answers to rows, by the code that serves it."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from contento.model.bundle import MANIFEST, Bundle, load_bundle
from contento.model.calibration import moments
from contento.model.interface import RATINGS, TOWERS, ScorerInputs, ScorerOutputs, Tower
from contento.model.rows import join_outputs
from contento.model.serving import LiveBundles
from contento.model.store import read_live
from contento.training.evaluation.metrics import Predicted
from contento.training.evaluation.report import Report
from contento.training.train_rows import TrainingRows

_ROWS: Final = 256
"""Rows scored at once."""
_TEXTS: Final = 64
"""Texts encoded at once."""


def open_bundle(directory: Path) -> Bundle:
    """Return the bundle of a bundle's directory, or the serving one of a store.

    Raises:
        StoreError: It is neither.
        BundleError: The bundle is damaged.
    """
    if (directory / MANIFEST).is_file():
        return load_bundle(directory.resolve())
    return load_bundle(directory / read_live(directory)["serving"])


class Served:
    """A bundle and rows whose texts it has encoded."""

    def __init__(self, bundle: Bundle, rows: TrainingRows, report: Report) -> None:
        """Load the bundle and encode every text once.

        Raises:
            EncoderError: The bundle's encoder is not there, or not the one it was trained with.
        """
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._live = LiveBundles({"serving": bundle}, device=device, encode=True, score=True)
        self._rows, self._report = rows, report
        self._encoder = bundle.config.encoder.hash
        texts = sorted({text for text in rows.text.tolist() if text}, key=lambda text: (len(text), text))
        self._place = {text: place for place, text in enumerate(texts)}
        # As in the scorer's cache, embeddings are float16.
        self._table = np.zeros((len(texts), bundle.config.encoder.dimension), np.float16)
        for start in range(0, len(texts), _TEXTS):
            turn = texts[start : start + _TEXTS]
            self._table[start : start + _TEXTS] = self._live.encode(turn, ["serving"] * len(turn)).embedding
            report("texts", len(turn), len(texts))

    def answers(self, without: Tower | None = None) -> ScorerOutputs:
        """Return the answers to all rows, with a tower taken away."""
        stage = f"without {without}" if without else "rows scored"
        parts = []
        for start in range(0, len(self._rows), _ROWS):
            inputs = self._inputs(self._rows.take(slice(start, start + _ROWS)))
            if without:
                present = inputs.present.copy()
                present[:, TOWERS.index(without)] = False
                inputs = replace(inputs, present=present)
            parts.append(self._live.score(inputs))
            self._report(stage, len(inputs.arm), len(self._rows))
        return join_outputs(parts)

    def present(self) -> tuple[Tower, ...]:
        """Return the towers that have input in some row."""
        return tuple(tower for column, tower in enumerate(TOWERS) if self._rows.present[:, column].any())

    def _inputs(self, rows: TrainingRows) -> ScorerInputs:
        text = np.zeros((len(rows), self._table.shape[1]), np.float32)
        has_text = rows.text != ""
        text[has_text] = self._table[[self._place[each] for each in rows.text[has_text].tolist()]]
        return ScorerInputs(
            arm=np.full(len(rows), "serving", np.object_),
            encoder=np.where(has_text, self._encoder, "").astype(np.object_),
            text=text,
            image=rows.image if rows.image.shape[1] else None,
            history_ids=rows.history_ids,
            history_values=rows.history_values,
            history_mask=rows.history_mask,
            factors=rows.factors,
            present=rows.present,
        )


def predicted(answers: ScorerOutputs) -> Predicted:
    """Return the answers as predictions."""
    return Predicted(
        rating=answers.rating.astype(np.float64) @ np.array(RATINGS, np.float64),
        distribution=answers.rating.astype(np.float64),
        ends=answers.interval.astype(np.float64),
        labels=answers.satisfaction.astype(np.float64),
    )


def spread(answers: ScorerOutputs) -> NDArray[np.float64]:
    """Return the standard deviation `[N]`, in stars, of the rating's distribution, as its calibration sees it."""
    return moments(answers.rating)[1].astype(np.float64)

"""Offline training: from recorded events and feedback to a bundle that is live in a store."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contento.contracts.errors import ContentoError
from contento.model.bundle import Bundle, versions, write_bundle
from contento.model.calibration import Calibration, calibrate
from contento.model.config import BundleConfig, EncoderConfig, NetworkConfig
from contento.model.encoder import BATCH, TextEncoder, encoder_hash
from contento.model.store import write_live
from contento.model.threads import one_thread
from contento.training.records import Source
from contento.training.train_fit import Dataset, FitOptions, fit, outputs_of
from contento.training.train_metrics import Metrics, evaluate
from contento.training.train_rows import Survey, TrainingRows, survey, training_rows

Stage = Literal["survey", "rows", "texts", "fit"]
Report = Callable[[Stage, int, int | None], None]
"""Told the stage, how many more of its units are done, and how many there are, if known."""

LEAST_ROWS = 200
"""Labelled rows below which a tenth, to stop and to calibrate on, would be a handful."""
_PARTS = {"train": (0.0, 0.7), "validation": (0.7, 0.8), "calibration": (0.8, 0.9), "test": (0.9, 1.0)}
"""Shares of each source's time order: fit on the past, stop, calibrate and judge on what came later."""


class TrainingError(ContentoError):
    """The data is not enough to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What to train.

    Attributes:
        seed: Of everything random.
        encoder: Text encoder; its dimension and hash are found.
        fit: How the network is fitted.
        coverage: Of the rating's interval.
    """

    seed: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    fit: FitOptions = field(default_factory=FitOptions)
    coverage: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of it.

    Attributes:
        bundle: The bundle, written and live as `serving`.
        metrics: As `metrics.json`.
    """

    bundle: Bundle
    metrics: Metrics


def train(
    sources: Sequence[Source], out: Path, options: TrainOptions, report: Report = lambda _stage, _done, _total: None
) -> Trained:
    """Train on sources, write the bundle into the store `out` and make it `serving` there.

    Raises:
        TrainingError: Too little is labelled.
        DataError: A source is wrong.
        EncoderError: The encoder is not there.
    """
    total = None if any(source.size is None for source in sources) else sum(source.size or 0 for source in sources)
    found = survey(sources, lambda done: report("survey", done, total))
    rows = [training_rows(source, found, lambda done: report("rows", done, found.events)) for source in sources]
    labelled = sum(len(each) for each in rows)
    if labelled < LEAST_ROWS:
        raise TrainingError(
            f"{labelled} of {found.events} events have feedback, at least {LEAST_ROWS} are needed: give data with "
            "ratings, labels or outcomes that name their event, or a user and an item"
        )
    encoder = TextEncoder(options.encoder.reference, layers=options.encoder.layers)
    embeddings = _embed(encoder, options.encoder, rows, report)
    parts = {
        name: Dataset(TrainingRows.join([each.part(*share) for each in rows]), embeddings, encoder.dimension)
        for name, share in _PARTS.items()
    }
    sizes = NetworkConfig(
        text_dimension=encoder.dimension,
        image_dimension=found.image_dimension,
        outcome_names=found.outcome_names,
    )
    steps = options.fit.epochs * -(-len(parts["train"]) // options.fit.batch)
    with one_thread():
        network, validation = fit(
            sizes,
            parts["train"],
            parts["validation"],
            options=options.fit,
            seed=options.seed,
            advance=lambda done: report("fit", done, steps),
        )
        rating = outputs_of(network, parts["calibration"]).rating.softmax(-1).numpy()
        calibration = _calibrated(rating, parts["calibration"].rating.numpy(), options.coverage)
        metrics = evaluate(network, parts["train"], parts["test"], calibration, found.outcome_names)
    bundle = write_bundle(
        out,
        config=BundleConfig(
            encoder=replace(options.encoder, dimension=encoder.dimension, hash=encoder_hash(options.encoder)),
            network=sizes,
            image_encoder=found.image_encoder,
            rating_centre=found.centre,
        ),
        network=network,
        calibration=calibration,
        training=_summary(sources, found, parts, options, validation),
        metrics=metrics,
    )
    write_live(out, {"serving": bundle.hash})
    return Trained(bundle=bundle, metrics=metrics)


def _embed(
    encoder: TextEncoder, config: EncoderConfig, rows: Sequence[TrainingRows], report: Report
) -> dict[str, NDArray[np.float32]]:
    """Return the embedding of every text, each encoded once."""
    texts = sorted({text for each in rows for text in each.text.tolist() if text}, key=lambda text: (len(text), text))
    embeddings: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(texts), BATCH):
        turn = texts[start : start + BATCH]
        values = encoder.encode(turn, max_length=config.max_length, pooling=config.pooling)
        embeddings.update(zip(turn, values, strict=True))
        report("texts", len(turn), len(texts))
    return embeddings


def _calibrated(rating: NDArray[np.float32], truth: NDArray[np.float32], coverage: float) -> Calibration:
    rated = np.isfinite(truth)
    return calibrate(rating[rated], truth[rated].astype(np.float64), coverage)


def _summary(
    sources: Sequence[Source],
    found: Survey,
    parts: dict[str, Dataset],
    options: TrainOptions,
    validation: Sequence[float],
) -> dict[str, Any]:
    return {
        "data": [source.name for source in sources],
        "events": found.events,
        "feedbacks": found.feedbacks,
        "rows": {name: len(part) for name, part in parts.items()},
        "seed": options.seed,
        "fit": asdict(options.fit),
        "validation_losses": list(validation),
        "versions": versions(),
    }

"""Offline training: from recorded events and feedback to a bundle that is live in a store."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from contento.contracts.errors import ContentoError
from contento.model.arithmetic import Arithmetic, capabilities, choose
from contento.model.bundle import Bundle, versions, write_bundle
from contento.model.calibration import Calibration, calibrate
from contento.model.config import BundleConfig, EncoderConfig, NetworkConfig
from contento.model.encoder import BATCH, TextEncoder, encoder_hash
from contento.model.network import Network
from contento.model.permission import permitted_arithmetics
from contento.model.store import write_live
from contento.model.threads import one_thread
from contento.training.descent import Epoch
from contento.training.records import Source
from contento.training.text.tuning import TuneOptions, labelled, tune
from contento.training.train_fit import Dataset, FitOptions, fit, outputs_of, temper
from contento.training.train_log import TrainLog
from contento.training.train_metrics import Metrics, evaluate, root_mean_square
from contento.training.train_rows import Survey, TrainingRows, survey, training_rows

Report = Callable[[str, int, int | None], None]
"""Told the stage, how many more of its units are done, and how many there are, if known."""

RUNS: Final = "runs"
"""Directory, in a bundle store, of what trainings leave: curves, reports, and checkpoints while they go on."""
LEAST_ROWS: Final = 200
"""Labelled rows below which a tenth, to stop and to calibrate on, would be a handful."""
_PARTS: Final = {"train": (0.0, 0.8), "validation": (0.8, 0.9), "test": (0.9, 1.0)}
"""Shares of each source's time order: fit on the past, stop and calibrate, then judge, on what came later."""
_EXACT: Final[tuple[Arithmetic, ...]] = ("float32", "onnx")
"""Arithmetics in which texts are embedded for training: what others cost is measured against these."""
_MANY: Final = 2_000
"""Texts from which on an ONNX graph, which takes some ten seconds to make, pays."""
_MEASURED: Final = 512
"""Texts on which the arithmetics are measured, at most; with fewer than 200 none is."""
_AFTER_ADAPTER: Final = 0.3
"""Of the network's learning rate: what it learns from are embeddings that the adapter has seen the labels of, and small
steps let later rows stop it before it trusts them too much. Chosen on such rows, of reviews and of tweets."""
_OWN_TEXTS: Final = 0.5
"""Share of labelled rows with a text that no other row has, from which on the encoder is tuned: below it the same
texts, titles of items for the most part, come again and again, and an adapter would learn them by heart."""


class TrainingError(ContentoError):
    """The data is not enough to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What to train.

    Attributes:
        seed: Of everything random.
        encoder: Text encoder; its dimension and hash are found.
        tune: How the encoder's adapter is fitted.
        tune_text: Whether there is one; `None`: where most labelled events have a text of their own.
        fit: How the network is fitted.
        coverage: Of the rating's interval.
        device: As torch names it, of the fine-tuning; `auto` takes the GPU where there is one.
    """

    seed: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    tune: TuneOptions = field(default_factory=TuneOptions)
    tune_text: bool | None = None
    fit: FitOptions = field(default_factory=FitOptions)
    coverage: float = 0.9
    device: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Rows to learn from, later ones to stop and calibrate on, and still later ones to judge by; these may be none."""

    train: TrainingRows
    validation: TrainingRows
    test: TrainingRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of it.

    Attributes:
        bundle: The bundle, written.
        metrics: As `metrics.json`.
        histories: What the epochs of each stage came to.
        run: Directory of curves and report.
    """

    bundle: Bundle
    metrics: Metrics
    histories: dict[str, list[Epoch]]
    run: Path


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    pass


def train(sources: Sequence[Source], out: Path, options: TrainOptions, report: Report = _silent) -> Trained:
    """Train on sources, write the bundle into the store `out` and make it `serving` there.

    Killed and called again with the same data and options, it goes on where it was and ends with the same bundle.

    Raises:
        TrainingError: Too little is labelled.
        DataError: A source is wrong.
        EncoderError: The encoder is not there.
    """
    found = surveyed(sources, report)
    rows = [training_rows(source, found, lambda done: report("rows", done, found.events)) for source in sources]
    count = sum(len(each) for each in rows)
    if count < LEAST_ROWS:
        raise TrainingError(
            f"{count} of {found.events} events have feedback, at least {LEAST_ROWS} are needed: give data with "
            "ratings, labels or outcomes that name their event, or a user and an item"
        )
    parts = {name: TrainingRows.join([each.part(*share) for each in rows]) for name, share in _PARTS.items()}
    trained = fit_bundle(
        Parts(**parts), found, out, options=options, names=[source.name for source in sources], report=report
    )
    write_live(out, {"serving": trained.bundle.hash})
    return trained


def surveyed(sources: Sequence[Source], report: Report = _silent) -> Survey:
    """Read sources once, to know what is labelled and with what."""
    total = None if any(source.size is None for source in sources) else sum(source.size or 0 for source in sources)
    return survey(sources, lambda done: report("survey", done, total))


def fit_bundle(
    parts: Parts,
    found: Survey,
    out: Path,
    *,
    options: TrainOptions,
    names: Sequence[str],
    report: Report = _silent,
) -> Trained:
    """Fit adapter and network to rows and write the bundle into the store `out`.

    Args:
        parts: The rows.
        found: What a survey of their sources found.
        out: The store.
        options: How.
        names: Of the data, for the record.
        report: Told the progress.
    """
    run = out / RUNS / _key(parts, options)
    work = run / "checkpoints"
    device = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    histories: dict[str, list[Epoch]] = {}
    adapter = None
    with TrainLog(run) as log:
        if _tunes(parts.train, options):
            adapter, histories = tune(
                parts.train,
                parts.validation,
                options.encoder,
                options=options.tune,
                seed=options.seed,
                work=work,
                device=device,
                watch=log.stage,
                advance=report,
            )
        config = replace(options.encoder, adapted=adapter is not None, hash=encoder_hash(options.encoder, adapter))
        embeddings, dimension = _embed(config, adapter, parts, device, report)
        config = replace(config, dimension=dimension)
        data = {
            name: Dataset(part, embeddings, dimension)
            for name, part in (("train", parts.train), ("validation", parts.validation), ("test", parts.test))
        }
        sizes = NetworkConfig(
            text_dimension=dimension, image_dimension=found.image_dimension, outcome_names=found.outcome_names
        )
        if adapter:
            rate = options.fit.learning_rate * _AFTER_ADAPTER
            options = replace(options, fit=replace(options.fit, learning_rate=rate))
        network, calibration, histories["network"] = _fit_network(
            sizes, data, options=options, work=work, log=log, report=report
        )
    config = replace(
        config, arithmetics=_arithmetics(config, adapter, network, parts.validation, device=device, report=report)
    )
    with one_thread():
        metrics = (
            evaluate(network, data["train"], data["test"], calibration, found.outcome_names) if len(parts.test) else {}
        )
    bundle = write_bundle(
        out,
        config=BundleConfig(
            encoder=config,
            network=sizes,
            image_encoder=found.image_encoder,
            rating_centre=found.centre,
        ),
        network=network,
        calibration=calibration,
        training=_summary(names, found, parts, options, histories),
        metrics=metrics,
        adapter=adapter,
    )
    shutil.rmtree(work, ignore_errors=True)
    return Trained(bundle=bundle, metrics=metrics, histories=histories, run=run)


def _fit_network(
    sizes: NetworkConfig,
    data: dict[str, Dataset],
    *,
    options: TrainOptions,
    work: Path,
    log: TrainLog,
    report: Report,
) -> tuple[Network, Calibration, list[Epoch]]:
    steps = options.fit.epochs * -(-len(data["train"]) // options.fit.batch)
    with one_thread():
        network, epochs = fit(
            sizes,
            data["train"],
            data["validation"],
            options=options.fit,
            seed=options.seed,
            checkpoint=work / "network.safetensors",
            log=log.stage("network"),
            advance=lambda done: report("network", done, steps),
        )
        temper(network, data["validation"])
        rating = outputs_of(network, data["validation"]).rating.softmax(-1).numpy()
    truth = data["validation"].rating.numpy()
    rated = np.isfinite(truth)
    return network, calibrate(rating[rated], truth[rated].astype(np.float64), options.coverage), epochs


def _arithmetics(
    config: EncoderConfig,
    adapter: Path | None,
    network: Network,
    validation: TrainingRows,
    *,
    device: str,
    report: Report,
) -> tuple[str, ...]:
    """Return the arithmetics in which the network's error on validation rows is what it is in float32."""
    told = np.flatnonzero(validation.present[:, 0] & labelled(validation).numpy())
    rows = validation.take(told[:: max(1, -(-len(told) // _MEASURED))])
    if len(rows) < LEAST_ROWS:
        return config.arithmetics
    report("arithmetics", 0, None)
    texts = sorted(set(rows.text.tolist()))

    def error_of(embeddings: NDArray[np.float32]) -> float:
        with one_thread():
            return root_mean_square(network, Dataset(rows, dict(zip(texts, embeddings, strict=True)), config.dimension))

    return permitted_arithmetics(config, texts, error_of, machine=capabilities(), device=device, adapter=adapter)


def _tunes(rows: TrainingRows, options: TrainOptions) -> bool:
    """Return whether the encoder gets an adapter."""
    if options.tune_text is not None:
        return options.tune_text
    return own_texts(rows.text[labelled(rows).numpy()].tolist())


def own_texts(texts: Sequence[str]) -> bool:
    """Return whether most of the texts of labelled rows, empty where there is none, are of one row only."""
    counts = Counter(texts)
    own = sum(bool(text) and count == 1 for text, count in counts.items())
    return own >= LEAST_ROWS and own >= _OWN_TEXTS * len(texts)


def _embed(
    config: EncoderConfig, adapter: Path | None, parts: Parts, device: str, report: Report
) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Return the embedding of every text, each encoded once, and their length."""
    rows = (parts.train, parts.validation, parts.test)
    texts = sorted({text for each in rows for text in each.text.tolist() if text}, key=lambda text: (len(text), text))
    exact: Arithmetic = choose(_EXACT, device=device, machine=capabilities()) if len(texts) >= _MANY else "float32"
    encoder = TextEncoder(config.reference, layers=config.layers, arithmetic=exact, device=device)
    if adapter:
        encoder.add_adapter(config.hash, adapter)
    embeddings: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(texts), BATCH):
        turn = texts[start : start + BATCH]
        values = encoder.encode(
            turn, max_length=config.max_length, pooling=config.pooling, adapter=config.hash if adapter else ""
        )
        embeddings.update(zip(turn, values, strict=True))
        report("texts", len(turn), len(texts))
    return embeddings, encoder.dimension


def _key(parts: Parts, options: TrainOptions) -> str:
    """Return a name for a training: the same data, encoder and options have the same."""
    total = hashlib.sha256(json.dumps(asdict(options), sort_keys=True).encode())
    total.update(encoder_hash(options.encoder).encode())
    for part in (parts.train, parts.validation, parts.test):
        total.update("\n".join(f"{text}\t{event}" for text, event in zip(part.text, part.event, strict=True)).encode())
        for array in (part.rating, part.satisfaction, part.outcomes, part.history_ids, part.factors, part.image):
            total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def _summary(
    names: Sequence[str],
    found: Survey,
    parts: Parts,
    options: TrainOptions,
    histories: dict[str, list[Epoch]],
) -> dict[str, Any]:
    return {
        "data": list(names),
        "events": found.events,
        "feedbacks": found.feedbacks,
        "rows": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "seed": options.seed,
        "tune": asdict(options.tune) if len(histories) > 1 else None,
        "fit": asdict(options.fit),
        "validation_losses": {stage: [each.loss for each in epochs] for stage, epochs in histories.items()},
        "versions": versions(),
    }

"""Learn one part, then predict another with nothing learned in between."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contento.model.bundle import Bundle
from contento.model.store import write_live
from contento.training.evaluation.labelled import First, Labelled, labelled_events, rows_of, survey_for
from contento.training.evaluation.ratings import EvaluationError, read_ratings
from contento.training.evaluation.report import Evaluated, Report
from contento.training.evaluation.served import open_bundle
from contento.training.evaluation.splits import split
from contento.training.evaluation.static_ids import evaluate_ids
from contento.training.evaluation.static_rows import evaluate_rows
from contento.training.records import Source
from contento.training.train import LEAST_ROWS, Parts, TrainOptions, fit_bundle, own_texts
from contento.training.train_rows import Survey, TrainingRows

_VALIDATION = 0.1
"""Share of what is learned, its last, on which the network stops and is calibrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticOptions:
    """What to evaluate.

    Attributes:
        split: As `splits.split` takes it.
        folder: Where the files of a split are.
        bundle: Directory of the bundle, or store, to judge; `None`: what is learned here.
        out: Store that keeps a network trained here; `None`: none does.
        groups: Attributes by which to compare groups.
        limit: Most events to read; `None`: all.
        seed: Of everything random.
    """

    split: str = "chronological:0.8"
    folder: Path = Path()
    bundle: Path | None = None
    out: Path | None = None
    groups: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0


def evaluate_static(source: Source, options: StaticOptions, report: Report) -> Evaluated:
    """Return the metrics of ours and of the baselines on the test part.

    Ours is a given bundle; else, where most of what is labelled has a text of its own, a network trained on the
    training part; else the online model, on user and item alone.

    Raises:
        EvaluationError: The data have nothing to judge, or the split or a group is none of theirs.
        DataError: The data are wrong.
        BundleError: The bundle is damaged.
    """
    chosen = First(source, options.limit)
    events = labelled_events(chosen, report)
    if not options.bundle and not own_texts(events.texts):
        return _by_ids(source, events, options, report)
    if not events.names:
        raise EvaluationError(f"{source.name}: no rating and no label: name data with either")
    train, test = split(events.pairs(), options.split, folder=options.folder, seed=options.seed)
    bundle = open_bundle(options.bundle) if options.bundle else None
    found = survey_for(chosen, events, report, bundle=bundle, test=test)
    rows = rows_of(chosen, events, found, report, test=test)
    name = f"{source.name}, {options.split}"
    with tempfile.TemporaryDirectory(prefix="contento-evaluate-") as kept:
        models = evaluate_rows(
            events,
            rows,
            train,
            test,
            bundle=lambda: (
                bundle
                or _trained(
                    rows.take(train), found, name, out=options.out or Path(kept), seed=options.seed, report=report
                )
            ),
            kind="bundle" if bundle else "network",
            groups=options.groups,
            seed=options.seed,
            report=report,
        )
    return Evaluated(learned=len(train), judged=len(test), models=models)


def _by_ids(source: Source, events: Labelled, options: StaticOptions, report: Report) -> Evaluated:
    if not np.isfinite(events.truth.ratings).any() and (events.truth.labels >= 0).any():
        raise EvaluationError(
            f"{source.name}: there are labels, but no ratings, and not {LEAST_ROWS} labels or not most of them have a "
            "text of their own to train on: give more data, or judge a bundle with --bundle DIR"
        )
    ratings = read_ratings(source, options.limit)
    train, test = split(ratings.pairs(), options.split, folder=options.folder, seed=options.seed)
    models = evaluate_ids(ratings, train, test, groups=options.groups, seed=options.seed, report=report)
    return Evaluated(learned=len(train), judged=len(test), models=models)


def _trained(learned: TrainingRows, found: Survey, name: str, *, out: Path, seed: int, report: Report) -> Bundle:
    """Return a bundle fitted to rows, live in a store."""
    parts = Parts(
        train=learned.part(0, 1 - _VALIDATION), validation=learned.part(1 - _VALIDATION, 1), test=learned.part(1, 1)
    )
    bundle = fit_bundle(parts, found, out, options=TrainOptions(seed=seed), names=[name], report=report).bundle
    write_live(out, {"serving": bundle.hash})
    return bundle

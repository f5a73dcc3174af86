"""Predict, then judge, then learn: at every rating or label, in the order of the data."""

from dataclasses import dataclass
from pathlib import Path

from contento.training.evaluation.prequential_ids import evaluate_prequential_ids
from contento.training.evaluation.ratings import EvaluationError, read_ratings
from contento.training.evaluation.report import Evaluated, Report
from contento.training.records import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PrequentialOptions:
    """What to evaluate.

    Attributes:
        bundle: Directory of the bundle, or store, to judge; `None`: the online model.
        groups: Attributes by which to compare groups.
        limit: Most events to read; `None`: all.
        seed: Of everything random.
    """

    bundle: Path | None = None
    groups: tuple[str, ...] = ()
    limit: int | None = None
    seed: int = 0


def evaluate_prequential(source: Source, options: PrequentialOptions, report: Report) -> Evaluated:
    """Return the metrics of ours and of the baselines, each from the same pass over the data.

    Ours is a given bundle, frozen but for its online factors and its intervals; else the online model.

    Raises:
        EvaluationError: The data have nothing to judge, or no group as asked for.
        DataError: The data are wrong.
        BundleError: The bundle is damaged.
    """
    if options.bundle is None:
        ratings = read_ratings(source, options.limit, lambda more: report("reading", more, None))
        models = evaluate_prequential_ids(ratings, groups=options.groups, seed=options.seed, report=report)
        return Evaluated(learned=0, judged=len(ratings.cases), models=models)
    # torch takes seconds, and the online model needs none of it.
    from contento.training.evaluation.labelled import First, labelled_events, rows_of, survey_for  # noqa: PLC0415
    from contento.training.evaluation.prequential_rows import evaluate_prequential_rows  # noqa: PLC0415
    from contento.training.evaluation.served import open_bundle  # noqa: PLC0415

    bundle = open_bundle(options.bundle)
    chosen = First(source, options.limit)
    events = labelled_events(chosen, report)
    if not events.names:
        raise EvaluationError(f"{source.name}: no rating and no label: name data with either")
    found = survey_for(chosen, events, report, bundle=bundle, test=None)
    rows = rows_of(chosen, events, found, report)
    models = evaluate_prequential_rows(
        events, rows, bundle=bundle, groups=options.groups, seed=options.seed, report=report
    )
    return Evaluated(learned=0, judged=len(events.names), models=models)

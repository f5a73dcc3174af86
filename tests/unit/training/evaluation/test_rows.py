"""Evaluation on the model's input rows: a bundle, or a network that is trained on the part to learn."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from numpy.typing import NDArray

from contento.contracts.messages import Feedback, Item, Satisfaction, UserEvent
from contento.model.bundle import Bundle, load_bundle
from contento.model.interface import TOWERS
from contento.model.store import read_live
from contento.training.evaluation import static
from contento.training.evaluation.labelled import First, attribute, labelled_events, rows_of, survey_for
from contento.training.evaluation.prequential import PrequentialOptions, evaluate_prequential
from contento.training.evaluation.ratings import EvaluationError
from contento.training.evaluation.report import Evaluated, silent
from contento.training.evaluation.served import Served, open_bundle
from contento.training.evaluation.static import StaticOptions, evaluate_static
from contento.training.records import Source
from contento.training.train import TrainOptions
from contento.training.train_fit import FitOptions
from contento.training.train_rows import TrainingRows

QUICK = partial(TrainOptions, tune_text=False, fit=FitOptions(epochs=10, batch=64, learning_rate=3e-3))


class OwnTexts:
    """A source whose events each have a text of their own, and a segment: every third is of the second."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name, self.size = source.name, source.size

    def items(self) -> Iterator[Item]:
        return self._source.items()

    def records(self) -> Iterator[UserEvent | Feedback]:
        levels = {"view": "terrible, broken", "click": "it is fine", "review": "wonderful, I love it"}
        for record in self._source.records():
            if isinstance(record, UserEvent):
                record.text = f"{levels[record.type]} {record.event_id}"
                record.attributes["segment"] = "one" if len(record.text) % 3 else "two"
            yield record


class Log:
    """Records as they are."""

    name = "log"
    size = None

    def __init__(self, *records: UserEvent | Feedback) -> None:
        self._records = records

    def items(self) -> Iterator[Item]:
        yield Item(item_id="a", title="A thing")

    def records(self) -> Iterator[UserEvent | Feedback]:
        yield from self._records


def event(name: str, item: str = "", text: str = "") -> UserEvent:
    return UserEvent(event_id=name, user_id="u", item_id=item, type="view", time=Timestamp(seconds=1), text=text)


def told(name: str, **what: Any) -> Feedback:
    return Feedback(user_id="u", event_id=name, time=Timestamp(seconds=1), **what)


def made(source: Source, bundle: Bundle | None = None, test: NDArray[np.int64] | None = None) -> TrainingRows:
    events = labelled_events(source, silent)
    return rows_of(source, events, survey_for(source, events, silent, bundle=bundle, test=test), silent, test=test)


@pytest.fixture(scope="module")
def world(small_world: Source) -> Source:
    return OwnTexts(First(small_world, 700))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def learned(world: Source, store: Path) -> Evaluated:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static, "TrainOptions", QUICK)
        return evaluate_static(world, StaticOptions(out=store, groups=("segment",)), silent)


def test_what_is_said_of_events_is_found_in_the_order_of_events_and_of_answers() -> None:
    found = labelled_events(
        Log(
            event("one", item="a"),
            event("two", text="own"),
            event("silent"),
            told("two", satisfaction=Satisfaction.SATISFACTION_POSITIVE),
            told("never seen", rating=1),
            told("one", rating=2),
            told("one", rating=4),
            told("two", rating=5),
            told("silent", satisfaction=Satisfaction.SATISFACTION_UNSPECIFIED),
        ),
        silent,
    )
    assert found.names == [("u", "one"), ("u", "two")]
    assert found.texts == ["A thing", "own"]
    assert found.pairs() == [("u", "a"), ("u", "")]
    assert found.truth.ratings.tolist() == [4, 5]
    assert found.truth.labels.tolist() == [-1, 2]
    assert found.told.tolist() == [1, 0]


def test_ratings_to_be_predicted_shape_no_row(world: Source) -> None:
    class Turned(OwnTexts):
        def records(self) -> Iterator[UserEvent | Feedback]:
            for record in super().records():
                if isinstance(record, Feedback) and record.HasField("rating") and int(record.feedback_id[1:-1]) >= 500:
                    record.rating = 6 - record.rating
                yield record

    events = labelled_events(world, silent)
    test = np.flatnonzero([int(name.removeprefix("e")) >= 500 for _, name in events.names])
    one, other = (made(source, test=test) for source in (world, Turned(world)))
    assert np.array_equal(one.factors, other.factors)
    assert not np.array_equal(one.rating, other.rating)
    assert not np.array_equal(one.factors, made(world).factors)


def test_attributes_of_events_and_the_item_make_groups(world: Source) -> None:
    rows = made(world)
    assert set(attribute(rows, "segment")) == {"one", "two"}
    assert attribute(rows, "item")[0].startswith("i")
    with pytest.raises(EvaluationError, match=r"--groups age: .*: give one of segment, item"):
        attribute(rows, "age")


def test_a_network_learns_the_first_part_and_is_judged_on_the_rest(learned: Evaluated, store: Path) -> None:
    assert (learned.learned, learned.judged) == (280, 70)
    models = learned.models
    assert list(models) == ["contento", "mean", "bias", "matrix_factorisation", "tfidf", "frozen_encoder"]
    ours = models["contento"]
    assert (ours["model"], ours["bundle"]) == ("network", read_live(store)["serving"])
    assert ours["rmse"] < models["mean"]["rmse"] / 2
    assert ours["macro_f1"] > 0.8 > models["mean"]["macro_f1"]
    for name in ("tfidf", "frozen_encoder"):
        assert models[name]["rmse"] < models["mean"]["rmse"] * 0.7
        assert models[name]["macro_f1"] > 0.9
        assert models[name]["log_loss"] < models["mean"]["log_loss"]
    assert {"coverage", "width", "ece"} <= ours.keys()
    assert "accuracy" not in models["bias"], "labels take the accuracy, and biases know none"


def test_a_tower_taken_away_costs_something(learned: Evaluated) -> None:
    slices = learned.models["contento"]["slices"]
    assert {f"without_{tower}" for tower in TOWERS} <= slices.keys()
    assert all(slices[f"without_{tower}"]["n"] == 70 for tower in TOWERS)
    assert max(slices[f"without_{tower}"]["rmse"] for tower in TOWERS) > learned.models["contento"]["rmse"]
    assert not {f"without_{tower}" for tower in TOWERS} & learned.models["bias"]["slices"].keys()


def test_groups_are_of_the_rows_that_are_judged(learned: Evaluated) -> None:
    groups = learned.models["contento"]["groups"]["segment"]["groups"]
    assert groups.keys() == {"one", "two"}
    assert sum(figures["n"] for figures in groups.values()) == 70


def test_the_network_that_was_kept_gives_the_same_figures_as_a_bundle(
    learned: Evaluated, world: Source, store: Path
) -> None:
    found = evaluate_static(world, StaticOptions(bundle=store), silent).models
    same = ("rmse", "mae", "macro_f1", "log_loss", "ece", "coverage", "width")
    assert found["contento"]["model"] == "bundle"
    assert [found["contento"][key] for key in same] == pytest.approx(
        [learned.models["contento"][key] for key in same], abs=2e-3
    )
    assert found["bias"]["rmse"] == learned.models["bias"]["rmse"]


def test_a_bundle_is_judged_before_each_answer_is_learned(learned: Evaluated, world: Source, store: Path) -> None:
    directory = store / learned.models["contento"]["bundle"]
    found = evaluate_prequential(world, PrequentialOptions(bundle=directory), silent)
    assert list(found.models) == ["contento", "mean", "bias", "river_biased_mf"]
    ours = found.models["contento"]
    assert found.judged == ours["n"] == 350
    assert ours["rmse"] < found.models["bias"]["rmse"]
    assert ours["macro_f1"] > found.models["mean"]["macro_f1"]
    assert ours["coverage"] == pytest.approx(0.9, abs=0.05)
    assert ours["coverage_windows"]["n"] == 0
    assert "log_loss" in found.models["mean"]


def test_rows_are_scored_in_batches_as_they_are_one_by_one(world: Source, random_store: Path) -> None:
    bundle = open_bundle(random_store)
    assert bundle.hash == load_bundle(random_store / read_live(random_store)["serving"]).hash
    rows = made(world, bundle)
    stages: dict[str, int] = {}
    served = Served(bundle, rows, lambda stage, more, _total: stages.update({stage: stages.get(stage, 0) + more}))
    answers = served.answers()
    assert stages == {"texts": 350, "rows scored": 350}
    last = Served(bundle, rows.take(slice(349, 350)), silent).answers()
    assert last.rating == pytest.approx(answers.rating[349:], abs=2e-3)
    assert served.present() == ("text", "behaviour", "factors"), "the world's pictures are of another encoder"
    assert (served.answers("text").towers[:, 0] == 0).all()
    assert (answers.towers[:, 0] > 0).all()


def test_labels_without_texts_of_their_own_need_a_bundle() -> None:
    log = Log(event("one"), told("one", satisfaction=Satisfaction.SATISFACTION_POSITIVE))
    with pytest.raises(EvaluationError, match=r"log: there are labels, but no ratings, .* with --bundle DIR"):
        evaluate_static(log, StaticOptions(), silent)
    with pytest.raises(EvaluationError, match="log: no rating of an item: name data with ratings"):
        evaluate_static(Log(event("one")), StaticOptions(), silent)


def test_nothing_to_judge_a_bundle_on_is_an_error(random_store: Path) -> None:
    with pytest.raises(EvaluationError, match="log: no rating and no label: name data with either"):
        evaluate_static(Log(event("one")), StaticOptions(bundle=random_store), silent)
    with pytest.raises(EvaluationError, match="log: no rating and no label: name data with either"):
        evaluate_prequential(Log(event("one")), PrequentialOptions(bundle=random_store), silent)

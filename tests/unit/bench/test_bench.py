import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from contento.bench.encoder import bench_encoder, ridge_rmse
from contento.bench.learner import bench_learner
from contento.bench.scorer import bench_scorer, random_rows
from contento.bench.texts import BenchError, RatedTexts, read_texts
from contento.cli.main import app
from contento.contracts.messages import Feedback, Item, UserEvent
from contento.model.config import EncoderConfig
from contento.model.serving import LiveBundles
from contento.training.readers import open_source


class Shop:
    """Reviews of one user, the k-th with text `k` and rating k modulo 5 plus 1, or without ratings."""

    name = "shop"
    size = None

    def __init__(self, reviews: int, *, rated: bool = True) -> None:
        self.reviews = reviews
        self.rated = rated

    def items(self) -> Iterator[Item]:
        return iter(())

    def records(self) -> Iterator[UserEvent | Feedback]:
        for number in range(self.reviews):
            yield UserEvent(event_id=str(number), user_id="u", type="view")
            yield UserEvent(event_id=f"r{number}", user_id="u", type="review", text=str(number))
            if self.rated:
                yield Feedback(event_id=f"r{number}", user_id="u", rating=number % 5 + 1)


def test_texts_are_taken_evenly_with_their_ratings() -> None:
    found = read_texts(Shop(1000), 101)
    assert len(found.texts) == 101
    assert (found.texts[0], found.texts[-1]) == ("0", "999")
    assert np.diff([int(text) for text in found.texts]).max() <= 10
    assert found.ratings is not None
    assert found.ratings.tolist() == [int(text) % 5 + 1 for text in found.texts]


def test_few_or_no_ratings_leave_the_texts() -> None:
    assert read_texts(Shop(300, rated=False), 1000).ratings is None
    assert len(read_texts(Shop(300, rated=False), 1000).texts) == 300
    assert read_texts(Shop(99), 1000).ratings is None
    assert read_texts(Shop(300), 99).ratings is None
    with pytest.raises(BenchError, match="shop has no texts: give data with texts"):
        read_texts(Shop(0), 10)


def test_a_simulated_shop_has_rated_texts() -> None:
    found = read_texts(open_source("simulated:steady?events=4000"), 200)
    assert found.ratings is not None
    assert len(found.texts) == 200


def test_the_ridge_is_judged_on_what_it_has_not_seen() -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(500, 8)).astype(np.float32)
    ratings = np.clip(3 + embeddings[:, 0].astype(np.float64), 1, 5)
    assert ridge_rmse(embeddings, ratings) < 0.15
    later = ratings.copy()
    later[400:] = 5
    assert ridge_rmse(embeddings, later) > 1


def test_every_arithmetic_and_number_of_layers_is_measured(tiny_encoder: Path) -> None:
    rng = np.random.default_rng(1)
    ratings = rng.integers(1, 6, 130).astype(np.float64)
    texts = ["good love " * int(rating) if rating > 3 else "bad hate " * int(rating) for rating in ratings]
    reports: list[tuple[str, int, int]] = []
    figures = bench_encoder(
        RatedTexts(texts=texts, ratings=ratings),
        EncoderConfig(reference=str(tiny_encoder)),
        layers=[1, 2],
        machine={},
        report=lambda *args: reports.append(args),
    )
    kinds = [(each.arithmetic, each.layers) for each in figures]
    assert kinds == [(arithmetic, layers) for layers in (2, 1) for arithmetic in ("float32", "int8", "onnx")]
    assert [kind for kind, each in zip(kinds, figures, strict=True) if each.chosen] == [("onnx", 2)]
    first = figures[0]
    assert first.times_float32 == 1
    assert first.rmse_difference == 0
    assert first.cosine == pytest.approx((1, 1))
    for each in figures:
        assert each.texts_per_second > 0
        assert each.rmse is not None
        assert each.rmse < ratings.std(), "the ratings can be read off the texts"
        assert each.cosine[0] > 0.99
    for stage, number in (("loading", 6), ("encoding", 3 * 6)):
        assert [done for name, done, _ in reports if name == stage] == list(range(1, number + 1))


def test_scorer_figures_are_per_batch(random_store: Path) -> None:
    bundles = LiveBundles.open(random_store, device="cpu", encode=False)
    done: list[tuple[int, int]] = []
    figures = bench_scorer(bundles, (1, 5), rounds=2, report=lambda *args: done.append(args))
    assert [each.batch for each in figures] == [1, 5]
    assert done == [(1, 2), (2, 2)]
    for each in figures:
        assert each.rows_per_second * each.microseconds_per_row == pytest.approx(1e6)
    assert (bundles.score(random_rows(bundles, 3)).towers > 0).all(), "a bench of missing towers measures nothing"


def test_the_commands_end_with_one_json_object(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke(app, ["bench", "scorer", "--batch", "2", "--batch", "3", "--json"])
    assert run.exit_code == 0, run.output
    content = json.loads(run.stdout.splitlines()[-1])
    assert [each["batch"] for each in content["figures"]] == [2, 3]
    monkeypatch.setattr("contento.bench.encoder.TextEncoder", _tiny(tiny_encoder))
    arguments = ["--data", "simulated:steady?events=500", "--texts", "20", "--layers", "1", "--json"]
    run = CliRunner().invoke(app, ["bench", "encoder", *arguments])
    assert run.exit_code == 0, run.output
    content = json.loads(run.stdout.splitlines()[-1])
    assert content["texts"] == 20
    assert {each["layers"] for each in content["figures"]} == {1, 2}
    assert sum(each["chosen"] for each in content["figures"]) == 1
    assert CliRunner().invoke(app, ["bench", "encoder", "--layers", "six"]).exit_code == 2


def _tiny(reference: Path) -> type:
    from contento.model.encoder import TextEncoder  # noqa: PLC0415 - before it is replaced

    class Tiny(TextEncoder):
        def __init__(self, _reference: str, **kwargs: object) -> None:
            super().__init__(str(reference), **kwargs)  # type: ignore[arg-type]

        @staticmethod
        def layers_of(_reference: str) -> int:
            return 2

    return Tiny


def test_the_learner_is_measured_on_a_log_with_every_outcome(tmp_path: Path) -> None:
    told: list[int] = []
    figures = bench_learner(
        tmp_path, feedbacks=1500, users=50, items=20, report=lambda _stage, done, _total: told.append(done)
    )
    assert {"joined", "joined_late", "duplicate", "waiting"} <= figures.outcomes.keys()
    settled = sum(count for name, count in figures.outcomes.items() if name != "waiting")
    assert settled <= figures.feedbacks <= 1600
    assert figures.scores == 1500
    assert figures.per_second > 0
    assert len(figures.memory_mb) == 2, "once a batch"
    assert told == sorted(told)

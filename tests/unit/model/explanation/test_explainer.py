import planted
import pytest
import torch

from contento.model.explanation.explainer import Explainer
from contento.model.explanation.explanation import NamedEvent
from contento.model.explanation.target import TargetError
from contento.model.interface import HISTORY_LENGTH, ScorerInputs
from contento.model.rows import empty_rows

TEXT = "Terrible kettle 😀, it broke; see https://a.example/b?c=1 @bob"


@pytest.mark.parametrize("arm", ["serving", "candidate"])
def test_words_sum_to_the_way_from_the_baseline(explainers: dict[str, Explainer], row: ScorerInputs, arm: str) -> None:
    found = explainers[arm].explain(row, TEXT, steps=20)
    way = found.value - found.baseline_value
    assert sum(word.attribution for word in found.words) == pytest.approx(way + found.delta, abs=1e-4)
    assert abs(way) > 10 * abs(found.delta)
    assert [word.word for word in found.words] == [TEXT[word.start : word.end] for word in found.words]
    assert all(word.read for word in found.words)
    assert found.baseline == "every word replaced by [MASK]"


def test_the_adapter_is_explained_too(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    candidate = explainers["candidate"]
    inputs = candidate.inputs(row, [TEXT])
    assert candidate.bundle.config.encoder.adapted
    base = explainers["serving"].inputs(row, [TEXT])
    assert not torch.allclose(inputs.text, base.text, atol=1e-3)


def test_a_planted_word_is_found(of_planted: Explainer) -> None:
    row = empty_rows(1, text_dimension=384)
    for text in planted.texts(6, seed=9)[1::2]:
        found = of_planted.explain(row, text, steps=20)
        worst = min(found.words, key=lambda word: word.attribution)
        assert worst.word == planted.PLANTED, text
        assert worst.attribution < -1
        assert max(abs(word.attribution) for word in found.words) == -worst.attribution


def test_a_past_event_counts_as_if_it_had_not_been_seen(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    explainer = explainers["serving"]
    history = [NamedEvent(event_id=f"e{n}", type="view", item_id="", time_ms=n) for n in range(6)]
    found = explainer.explain(row, TEXT, target="satisfaction", steps=1, history=history)
    assert [event.event.event_id for event in found.events if event.event] == ["e5", "e4", "e3", "e2", "e1", "e0"]
    assert sum(event.share for event in found.events) == pytest.approx(1)
    assert found.events[0].removal is None
    inputs = explainer.inputs(row, [TEXT])
    for event in found.events[1:]:
        mask = inputs.history_mask.clone()
        mask[0, event.place] = False
        without = float(explainer.values(inputs._replace(history_mask=mask), "satisfaction"))
        assert event.removal == pytest.approx(found.value - without, abs=1e-6)
        assert event.removal != 0


def test_towers_sum_to_the_way_from_nothing(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    explainer = explainers["serving"]
    found = explainer.explain(row, TEXT, target="purchase", steps=1)
    assert [tower.tower for tower in found.towers] == ["text", "behaviour", "factors"]
    assert sum(tower.shapley for tower in found.towers) == pytest.approx(found.value - found.empty, abs=1e-6)
    nothing = explainer.inputs(empty_rows(1, text_dimension=384), [""])
    assert found.empty == pytest.approx(float(explainer.values(nothing, "purchase")), abs=1e-6)
    wordless = float(explainer.values(explainer.inputs(row, [""]), "purchase"))
    assert found.towers[0].removal == pytest.approx(found.value - wordless, abs=1e-6)


def test_the_score_is_the_one_that_is_served(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    found = explainers["serving"].explain(row, TEXT, target="positive", steps=1)
    score = found.score
    assert found.value == pytest.approx(score.positive)
    assert score.negative + score.neutral + score.positive == pytest.approx(1)
    assert score.satisfaction == pytest.approx(score.positive + score.neutral / 2)
    assert 1 <= score.lower <= score.rating <= score.upper <= 5
    assert score.coverage == 0.8
    assert set(score.outcomes) == {"click", "purchase"}


def test_a_row_without_text_has_no_words(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    found = explainers["serving"].explain(row, "")
    assert found.words == ()
    assert found.baseline_value == found.value
    assert [tower.tower for tower in found.towers] == ["behaviour", "factors"]


def test_a_row_with_nothing_is_explained_by_nothing(explainers: dict[str, Explainer]) -> None:
    found = explainers["serving"].explain(empty_rows(1, text_dimension=384), "")
    assert found.value == found.empty
    assert not found.towers
    assert not found.events


def test_words_after_the_encoders_last_token_are_not_read(explainers: dict[str, Explainer]) -> None:
    text = "word " * 150 + "end"
    found = explainers["serving"].explain(empty_rows(1, text_dimension=384), text, steps=1)
    assert [word.read for word in found.words] == [True] * 126 + [False] * 25  # 128 tokens, two of them special
    assert not any(word.attribution for word in found.words if not word.read)


def test_an_unknown_target_is_named_with_the_known_ones(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    with pytest.raises(TargetError, match=r"no 'return': ask for one of rating, .*, positive, click, purchase$"):
        explainers["serving"].explain(row, "", target="return")


def test_every_event_has_a_place_in_the_history(explainers: dict[str, Explainer], row: ScorerInputs) -> None:
    found = explainers["serving"].explain(row, "")
    assert [event.place for event in found.events] == list(range(HISTORY_LENGTH - 1, HISTORY_LENGTH - 7, -1))
    assert all(event.event is None for event in found.events)

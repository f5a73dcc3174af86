from dataclasses import replace
from pathlib import Path

import numpy as np
import planted
import pytest

from contento.bench.explanations import check_explanations, compared, without_words
from contento.model.explanation.explainer import Explainer
from contento.model.explanation.explanation import WordAttribution
from contento.model.explanation.words import split_words
from contento.model.network import NetworkInputs
from contento.model.rows import empty_rows


def words(text: str) -> list[WordAttribution]:
    return [
        WordAttribution(word=text[word.start : word.end], start=word.start, end=word.end, attribution=0, read=True)
        for word in split_words(text)
    ]


def test_words_are_taken_away_with_their_white_space() -> None:
    text = " It broke, @bob 😀 twice. "
    assert without_words(text, words(text), []) == "It broke, @bob 😀 twice."
    assert without_words(text, words(text), [4, 1]) == "It , @bob twice."
    assert without_words(text, words(text), range(7)) == ""


def test_a_difference_that_holds_and_one_that_does_not() -> None:
    rng = np.random.default_rng(0)
    random = rng.normal(size=200)
    more = compared(random + 0.5 + 0.1 * rng.normal(size=200), random, rng)
    assert more["holds"]
    assert more["difference"] == pytest.approx(0.5, abs=0.03)
    assert more["lower"] < more["difference"] < more["upper"]
    same = compared(rng.permutation(random), random, rng)
    assert not same["holds"]
    assert same["lower"] < 0 < same["upper"]
    assert compared(random[:1], random[:1], rng)["difference"] is None


def test_a_true_explanation_passes_and_a_false_one_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explainer = Explainer(planted.planted_bundle(tmp_path))
    texts = planted.texts(16, seed=4)[1::2]
    rows = empty_rows(len(texts), text_dimension=384)
    told: dict[str, list[WordAttribution]] = {}
    true_words = explainer.words

    def kept(row: NetworkInputs, text: str, target: str, steps: int) -> tuple[list[WordAttribution], float, float]:
        told[text], start, delta = true_words(row, text, target, steps)
        return told[text], start, delta

    monkeypatch.setattr(explainer, "words", kept)
    found = check_explanations(explainer, rows, texts, target="rating", steps=5, draws=2)
    assert found["words"]["n"] == len(texts)
    assert found["words"]["holds"]
    assert found["words"]["comprehensiveness"] > 2 * found["words"]["comprehensiveness_random"]
    assert found["words"]["sufficiency"] < found["words"]["sufficiency_random"]
    assert found["events"]["n"] == found["towers"]["n"] == found["towers_live"]["n"] == 0

    def turned(_row: NetworkInputs, text: str, *_: object) -> tuple[list[WordAttribution], float, float]:
        return [replace(word, attribution=1 / (word.attribution or 1)) for word in told[text]], 0, 0

    monkeypatch.setattr(explainer, "words", turned)
    assert not check_explanations(explainer, rows, texts, target="rating", draws=2)["words"]["holds"]

"""Baselines that read nothing but the text: a linear model on TF-IDF, and one on a frozen encoder's embeddings."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from contento.model.config import EncoderConfig
from contento.model.encoder import TextEncoder
from contento.model.interface import RATINGS, SATISFACTION
from contento.training.evaluation.metrics import Predicted, Truth
from contento.training.evaluation.report import Report
from contento.training.evaluation.splits import Indices

Features = Any
"""`[N, F]`, an array or a sparse matrix."""

_HELD_OUT: Final = 0.1
"""Share of what is learned, its last, on which the ridge's penalty is chosen."""
_PENALTIES: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_TEXTS: Final = 64


def tfidf(texts: Sequence[str], train: Indices, report: Report) -> Features:
    """Return TF-IDF features of texts, words and pairs of words that two of the texts to learn have.

    Raises:
        ValueError: No word is in two of them.
    """
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32)
    vectorizer.fit(texts[position] for position in train)
    report("tfidf", len(texts), len(texts))
    return vectorizer.transform(texts)


def embeddings(texts: Sequence[str], report: Report) -> Features:
    """Return the default encoder's embeddings `[N, D]`; zeros for the empty text."""
    config = EncoderConfig()
    encoder = TextEncoder(config.reference)
    distinct = sorted(set(texts) - {""}, key=lambda text: (len(text), text))
    table = np.zeros((len(distinct) + 1, encoder.dimension), np.float32)
    for start in range(0, len(distinct), _TEXTS):
        turn = distinct[start : start + _TEXTS]
        table[start : start + len(turn)] = encoder.encode(turn, max_length=config.max_length, pooling=config.pooling)
        report("frozen encoder", len(turn), len(distinct))
    place = {text: row for row, text in enumerate(distinct)}
    return np.asarray(table[[place.get(text, -1) for text in texts]])


def linear(features: Features, truth: Truth, train: Indices, test: Indices) -> Predicted:
    """Return what linear models on features `[N, F]` predict of the test rows: ridge for ratings, logistic for labels.

    Each is fitted to those of the rows to learn that have its truth; without any, it predicts nothing.
    """
    rated = train[np.isfinite(truth.ratings[train])]
    told = train[truth.labels[train] >= 0]
    return Predicted(
        rating=_ridge(features, truth.ratings, rated, test) if len(rated) else None,
        labels=_logistic(features, truth.labels, told, test) if len(told) else None,
    )


def _ridge(features: Features, ratings: NDArray[np.float64], train: Indices, test: Indices) -> NDArray[np.float64]:
    held_out = train[round(len(train) * (1 - _HELD_OUT)) :]
    first = train[: len(train) - len(held_out)]

    def fitted(penalty: float, rows: Indices) -> Callable[[Indices], NDArray[np.float64]]:
        model: Any = Ridge(alpha=penalty, random_state=0).fit(features[rows], ratings[rows])
        return lambda asked: np.clip(model.predict(features[asked]), RATINGS[0], RATINGS[-1])

    def error(penalty: float) -> float:
        return float(np.mean((fitted(penalty, first)(held_out) - ratings[held_out]) ** 2))

    best = min(_PENALTIES, key=error) if len(first) and len(held_out) else 1.0
    return fitted(best, train)(test)


def _logistic(features: Features, labels: NDArray[np.int64], train: Indices, test: Indices) -> NDArray[np.float64]:
    found = np.zeros((len(test), len(SATISFACTION)))
    known = np.unique(labels[train])
    if len(known) == 1:
        found[:, known] = 1
        return found
    model: Any = LogisticRegression(max_iter=1_000).fit(features[train], labels[train])
    found[:, model.classes_] = model.predict_proba(features[test])
    return found

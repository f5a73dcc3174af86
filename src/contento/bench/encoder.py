"""How fast an encoder is in each arithmetic and with fewer layers, and what that costs in accuracy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from contento.bench.texts import RatedTexts
from contento.model.arithmetic import Arithmetic, choose, possible
from contento.model.config import EncoderConfig
from contento.model.encoder import TextEncoder

ROUND_TEXTS: Final = 64
"""Texts of a round: the most of a request to the encoder."""
FITTED: Final = 0.8
"""Share of the time order that the ridge is fitted on; the rest judges it."""
_ALPHAS: Final = (0.3, 1.0, 3.0, 10.0, 30.0)
_ADAPTER: Final = "measured"

Report = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFigures:
    """One arithmetic and number of layers.

    Attributes:
        arithmetic: Which.
        layers: How many are run.
        texts_per_second: Median over the rounds.
        times_float32: Median over the rounds of the speed, in units of float32 with the encoder's own layers.
        cosine: Least and mean cosine to the float32 embeddings of as many layers.
        rmse: Of a ridge fitted on these embeddings, in stars; `None` without ratings.
        rmse_difference: The same less that of float32 with the encoder's own layers.
        chosen: Whether start-up would choose it here.
    """

    arithmetic: Arithmetic
    layers: int
    texts_per_second: float
    times_float32: float
    cosine: tuple[float, float]
    rmse: float | None
    rmse_difference: float | None
    chosen: bool


def bench_encoder(
    data: RatedTexts,
    config: EncoderConfig,
    *,
    layers: Sequence[int],
    machine: Mapping[str, Any],
    device: str = "cpu",
    adapter: Path | None = None,
    cache: Path | None = None,
    report: Report = lambda _stage, _done, _total: None,
) -> list[EncoderFigures]:
    """Measure every arithmetic that the device can do with every number of layers.

    All of them encode the same few texts before any encodes the next few, so what else the machine
    does slows all alike. Tokenizing and pooling count.

    Args:
        data: Texts, best with ratings.
        config: The encoder.
        layers: Numbers of layers; the encoder's own is measured in any case, and first.
        machine: As `contento.model.arithmetic.capabilities` returns it.
        device: As torch names it.
        adapter: Directory of the encoder's LoRA adapter, if it has one.
        cache: Where ONNX graphs are kept.
        report: Told how far it is.

    Raises:
        EncoderError: The encoder cannot be found or read, or does not have so many layers.
    """
    own = config.layers or TextEncoder.layers_of(config.reference)
    counts = list(dict.fromkeys((own, *layers)))
    order: list[Arithmetic] = ["float32", *(each for each in possible(device, machine) if each != "float32")]
    kinds = [(arithmetic, count) for count in counts for arithmetic in order]
    encoders: list[TextEncoder] = []
    for number, (arithmetic, count) in enumerate(kinds, 1):
        encoder = TextEncoder(config.reference, layers=count, arithmetic=arithmetic, device=device, cache=cache)
        if adapter is not None:
            encoder.add_adapter(_ADAPTER, adapter)
        _encode(encoder, data.texts[:2], config, adapter)  # the first pass pays for what later ones have
        encoders.append(encoder)
        report("loading", number, len(kinds))
    embeddings, seconds, sizes = _rounds(encoders, data.texts, config, adapter, report)
    errors = [None if data.ratings is None else ridge_rmse(each, data.ratings) for each in embeddings]
    permitted = choose(config.arithmetics, device=device, machine=machine)
    figures = []
    for place, (arithmetic, count) in enumerate(kinds):
        cosines = (embeddings[place] * embeddings[kinds.index(("float32", count))]).sum(1)
        error, reference = errors[place], errors[0]
        figures.append(
            EncoderFigures(
                arithmetic=arithmetic,
                layers=count,
                texts_per_second=float(np.median(sizes / seconds[place])),
                times_float32=float(np.median(seconds[0] / seconds[place])),
                cosine=(float(cosines.min()), float(cosines.mean())),
                rmse=error,
                rmse_difference=None if error is None or reference is None else error - reference,
                chosen=(arithmetic, count) == (permitted, own),
            )
        )
    return figures


def _rounds(
    encoders: Sequence[TextEncoder], texts: Sequence[str], config: EncoderConfig, adapter: Path | None, report: Report
) -> tuple[list[NDArray[np.float32]], NDArray[np.float64], NDArray[np.float64]]:
    """Return embeddings by encoder, seconds `[encoders, rounds]` and texts `[rounds]`."""
    turns = [texts[start : start + ROUND_TEXTS] for start in range(0, len(texts), ROUND_TEXTS)]
    seconds = np.zeros((len(encoders), len(turns)))
    parts: list[list[NDArray[np.float32]]] = [[] for _ in encoders]
    for turn, some in enumerate(turns):
        for place, encoder in enumerate(encoders):
            start = perf_counter()
            parts[place].append(_encode(encoder, some, config, adapter))
            seconds[place, turn] = perf_counter() - start
            report("encoding", turn * len(encoders) + place + 1, len(turns) * len(encoders))
    return [np.concatenate(each) for each in parts], seconds, np.array([float(len(some)) for some in turns])


def _encode(
    encoder: TextEncoder, texts: Sequence[str], config: EncoderConfig, adapter: Path | None
) -> NDArray[np.float32]:
    name = "" if adapter is None else _ADAPTER
    return encoder.encode(texts, max_length=config.max_length, pooling=config.pooling, adapter=name)


def ridge_rmse(embeddings: NDArray[np.float32], ratings: NDArray[np.float64]) -> float:
    """Return the RMSE, in stars, of a ridge fitted on the earlier texts and judged on the later ones."""
    cut = round(FITTED * len(ratings))
    ridge = RidgeCV(alphas=_ALPHAS).fit(embeddings[:cut], ratings[:cut])
    predicted = np.clip(ridge.predict(embeddings[cut:]), 1, 5)
    return float(np.sqrt(np.mean((predicted - ratings[cut:]) ** 2)))

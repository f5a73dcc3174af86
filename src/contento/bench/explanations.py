"""Whether explanations are true of the model.

What they name is taken away, and the score must move more than when as much is taken away at random.
Source: DeYoung et al., ERASER: a benchmark to evaluate rationalized NLP models, 2020.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from contento.model.explanation.explainer import STEPS, Explainer
from contento.model.explanation.explanation import WordAttribution
from contento.model.explanation.removal import tower_values
from contento.model.interface import HISTORY_LENGTH, TOWERS, ScorerInputs
from contento.model.network import NetworkInputs
from contento.model.rows import join_inputs, select

Floats = NDArray[np.float64]
LEAST_WORDS: Final = 5
"""Words of a text below which a fifth of them is less than one."""
NAMED_SHARE: Final = 0.2
"""Share of the words taken away in the comparison with random words."""
ERASER_SHARES: Final = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Shares of the words over which comprehensiveness and sufficiency are averaged, as in ERASER."""
RESAMPLES: Final = 2000


def check_explanations(
    explainer: Explainer,
    rows: ScorerInputs,
    texts: Sequence[str],
    *,
    target: str,
    steps: int = STEPS,
    draws: int = 5,
    seed: int = 0,
    report: Callable[[str, int], None] = lambda _kind, _done: None,
) -> dict[str, Any]:
    """Return how far the target moves without what is named, beside what is random.

    Args:
        explainer: Of the bundle.
        rows: `N` rows.
        texts: Text of each row; empty: none.
        target: What is explained, as in `contento.model.explanation.target`.
        steps: Of integrated gradients.
        draws: Random choices of words per row. Events and towers need none: the mean over all of them is exact.
        seed: Of the draws and of the bootstrap.
        report: Told which kind is being checked and how many rows are done.

    Returns:
        `words` (integrated gradients; `comprehensiveness` and `sufficiency` beside), `events` (live shares),
        `towers_live` (live shares) and `towers` (Shapley values). Each has `n` rows, the mean absolute move of
        the target without the `named` and without `random` evidence, their `difference` with the `lower` and
        `upper` end of its 95 % bootstrap interval, and whether it `holds`: the interval lies above 0. With
        fewer than two rows all but `n` is null.
    """
    rng = np.random.default_rng(seed)
    inputs = explainer.inputs(rows, texts)
    words = _words(explainer, rows, inputs, texts, target=target, steps=steps, draws=draws, rng=rng, report=report)
    report("events", 0)
    events = _events(explainer, inputs, target)
    report("towers", 0)
    live, shapley = _towers(explainer, inputs, target)
    return {
        "words": compared(words["moves"][0], words["moves"][1], rng) | words["eraser"],
        "events": compared(events[0], events[1], rng),
        "towers_live": compared(*live, rng),
        "towers": compared(*shapley, rng),
    }


def compared(named: Floats, random: Floats, rng: np.random.Generator) -> dict[str, Any]:
    """Return means of absolute moves `[N]` and the bootstrap interval of their mean paired difference."""
    count = len(named)
    if count < 2:
        keys = ("named", "random", "difference", "lower", "upper", "holds")
        return {"n": count} | dict.fromkeys(keys)
    difference = named - random
    means = difference[rng.integers(count, size=(RESAMPLES, count))].mean(1)
    lower, upper = np.quantile(means, (0.025, 0.975)).tolist()
    return {
        "n": count,
        "named": float(named.mean()),
        "random": float(random.mean()),
        "difference": float(difference.mean()),
        "lower": lower,
        "upper": upper,
        "holds": lower > 0,
    }


def without_words(text: str, words: Sequence[WordAttribution], gone: Sequence[int]) -> str:
    """Return a text without some of its words; white space is joined."""
    kept, end = [], 0
    for place in sorted(gone):
        kept.append(text[end : words[place].start])
        end = words[place].end
    return " ".join("".join([*kept, text[end:]]).split())


def _words(
    explainer: Explainer,
    rows: ScorerInputs,
    inputs: NetworkInputs,
    texts: Sequence[str],
    *,
    target: str,
    steps: int,
    draws: int,
    rng: np.random.Generator,
    report: Callable[[str, int], None],
) -> dict[str, Any]:
    named, random = [], []
    eraser: dict[str, list[float]] = {}
    for row, text in enumerate(texts):
        report("words", row + 1)
        single = NetworkInputs(*(tensor[row : row + 1] for tensor in inputs))
        words = [word for word in explainer.words(single, text, target, steps)[0] if word.read] if text else []
        count = len(words)
        if count < LEAST_WORDS:
            continue
        orders = [sorted(range(count), key=lambda place: -abs(words[place].attribution))]
        orders += [rng.permutation(count).tolist() for _ in range(draws)]
        sizes = [max(1, round(share * count)) for share in ERASER_SHARES]
        # A text that was cut is judged by what was read of it, so that taking a word away lets no other in.
        shown = text[: words[-1].end]
        changed = [shown]
        for order in orders:
            for size in sizes:
                changed += [without_words(shown, words, order[:size]), without_words(shown, words, order[size:])]
        moves = np.abs(_moves(explainer, rows, row, changed, target))
        table = moves.reshape(len(orders), len(sizes), 2)  # by order, share, and whether the words went or stayed
        at = ERASER_SHARES.index(NAMED_SHARE)
        named.append(float(table[0, at, 0]))
        random.append(float(table[1:, at, 0].mean()))
        for name, side in (("comprehensiveness", 0), ("sufficiency", 1)):
            eraser.setdefault(name, []).append(float(table[0, :, side].mean()))
            eraser.setdefault(f"{name}_random", []).append(float(table[1:, :, side].mean()))
    return {
        "moves": (np.array(named), np.array(random)),
        "eraser": {name: float(np.mean(found)) for name, found in eraser.items()},
    }


def _moves(explainer: Explainer, rows: ScorerInputs, row: int, texts: Sequence[str], target: str) -> Floats:
    """Return how far the target of each further text lies from that of the first."""
    distinct = list(dict.fromkeys(texts))  # of a short text, two shares are one number of words
    inputs = explainer.inputs(join_inputs([select(rows, slice(row, row + 1))] * len(distinct)), distinct)
    found = dict(zip(distinct, explainer.values(inputs, target).double().tolist(), strict=True))
    moves: Floats = np.array([found[text] for text in texts[1:]]) - found[texts[0]]
    return moves


def _events(explainer: Explainer, inputs: NetworkInputs, target: str) -> tuple[Floats, Floats]:
    """Return the moves without the past event of the largest live share, and the mean over all past events."""
    shares = explainer.outputs(inputs).events[:, :-1]
    past = inputs.history_mask[:, :-1] & inputs.present[:, 2:3]
    value = explainer.values(inputs, target)
    moves = torch.full(past.shape, torch.nan, dtype=torch.float64)
    for place in range(HISTORY_LENGTH - 1):
        mask = inputs.history_mask.clone()
        mask[:, place] = False
        moves[:, place] = (explainer.values(inputs._replace(history_mask=mask), target) - value).double().abs()
    return _top_and_mean(moves, shares, past)


def _towers(
    explainer: Explainer, inputs: NetworkInputs, target: str
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return the same for the towers, by live share and by Shapley value."""
    outputs = explainer.outputs(inputs)
    value = explainer.values(inputs, target)
    moves = torch.full(inputs.present.shape, torch.nan, dtype=torch.float64)
    for column in range(len(TOWERS)):
        present = inputs.present.clone()
        present[:, column] = False
        moves[:, column] = (explainer.values(inputs._replace(present=present), target) - value).double().abs()
    shapley = torch.zeros_like(moves)
    for row in range(len(moves)):
        found = tower_values(
            NetworkInputs(*(tensor[row : row + 1] for tensor in inputs)), lambda rows: explainer.values(rows, target)
        )
        shapley[row, found.towers] = found.shapley.abs()
    return _top_and_mean(moves, outputs.towers, inputs.present), _top_and_mean(moves, shapley, inputs.present)


def _top_and_mean(moves: torch.Tensor, evidence: torch.Tensor, there: torch.Tensor) -> tuple[Floats, Floats]:
    """Return each row's move without its strongest evidence and its mean move, of rows with a choice of two."""
    choice = there.sum(1) >= 2
    top = evidence.masked_fill(~there, -1).argmax(1, keepdim=True)
    named = moves.gather(1, top)[choice, 0]
    random = moves.masked_fill(~there, torch.nan).nanmean(1)[choice]
    return named.numpy(), random.numpy()

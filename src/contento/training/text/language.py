"""Masked-language-model adaptation: the adapter learns the domain's language from texts alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from contento.training.descent import DescentOptions, Epoch, Log, Losses, descend
from contento.training.text.adapted import AdaptedEncoder
from contento.training.text.tokens import Tokens

HIDDEN: Final = 0.15
"""Share of the words that are to be guessed (Devlin et al. 2019)."""
_JUDGE_SEED: Final = 0


def adapt_language(
    encoder: AdaptedEncoder,
    train: Tokens,
    validation: Tokens,
    *,
    epochs: int,
    options: DescentOptions,
    seed: int,
    checkpoint: Path,
    log: Log,
    advance: Callable[[int, int], None],
) -> list[Epoch]:
    """Fit the adapter to guessing hidden words, and return what the epochs came to.

    Args:
        encoder: Whose adapter.
        train: Texts to learn from.
        validation: Texts that say when to stop.
        epochs: Most passes.
        options: How, but for the epochs.
        seed: Of everything random.
        checkpoint: File to go on from.
        log: Told the curves.
        advance: Told how many more steps are done, and how many there are.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _Guesser(encoder).to(encoder.device)

    def judge() -> dict[str, float]:
        # The same words are hidden at every judgement: its noise must not choose the epoch.
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(_JUDGE_SEED)
            steps = validation.steps(options.batch, _JUDGE_SEED)
            found = [model(validation, rows).item() for rows in steps]
        return {"word": sum(found) / max(len(found), 1)}

    def of(rows: Tensor) -> Losses:
        return {"word": model(train, rows)}

    steps = epochs * len(train.steps(options.batch, seed, 0))
    return descend(
        model,
        batches=lambda epoch: train.steps(options.batch, seed, epoch),
        losses=of,
        judge=judge,
        options=replace(options, epochs=epochs),
        seed=seed,
        checkpoint=checkpoint,
        log=log,
        advance=lambda done: advance(done, steps),
    )


class _Guesser(nn.Module):
    """Guesses hidden words by the encoder's own word embeddings, as BERT's head does."""

    def __init__(self, encoder: AdaptedEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        words = encoder.model.get_input_embeddings()
        self._words = [words]  # in a list: they are not this module's to train
        self.transform = nn.Sequential(
            nn.Linear(encoder.dimension, encoder.dimension), nn.GELU(), nn.LayerNorm(encoder.dimension)
        )
        self.bias = nn.Parameter(torch.zeros(len(words.weight)))

    def forward(self, tokens: Tokens, rows: Tensor) -> Tensor:
        """Return the mean loss over the words that were hidden, drawn from torch's generator."""
        _, answer, hidden = self.encoder.embed(tokens, rows, HIDDEN)
        if not hidden.any():
            return answer.sum() * 0
        truth = tokens.padded(rows)[0][hidden].to(answer.device)
        guess = self.transform(answer[hidden.to(answer.device)]) @ self._words[0].weight.T + self.bias
        return functional.cross_entropy(guess, truth)

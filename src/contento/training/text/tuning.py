"""From texts and what was said of their events to a LoRA adapter of the encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from contento.model.config import EncoderConfig
from contento.model.interface import RATINGS, SATISFACTION
from contento.training.descent import DescentOptions, Epoch, Log, Losses, descend
from contento.training.text.adapted import AdaptedEncoder
from contento.training.text.averaging import average_adapters
from contento.training.text.language import adapt_language
from contento.training.text.tokens import Tokens
from contento.training.train_fit import losses
from contento.training.train_rows import TrainingRows

TOKENS: Final = 1_500_000
"""What passes over the texts add up to if nothing else is said: some 20 minutes on two cores without AVX-512."""
_FEWEST, _MOST = 2, 4
_HEAD_DROPOUT: Final = 0.2
_JUDGED_AT_ONCE: Final = 64

Watch = Callable[[str], Log]
"""Returns the log of a named stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions(DescentOptions):
    """How the encoder's adapter is fitted.

    Attributes:
        epochs: Most passes over the texts; 0: as many as make about `TOKENS` tokens, 2 to 4.
        rank: Of the adapter's matrices.
        upper: Upper layers that get an adapter; 0: all.
        dropout: Of the activations of those layers.
        hide_words: Augmentation: share of the words of a text that are hidden, anew at every pass.
        runs: Adapters that are fitted, from other seeds, and averaged.
        language: Passes over all texts before that in which hidden words are guessed (masked-language-model
            adaptation); 0: none.
    """

    epochs: int = 0
    patience: int = 1
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    rank: int = 16
    upper: int = 3
    dropout: float = 0.1
    hide_words: float = 0.0
    runs: int = 1
    language: int = 0


class Labelled:
    """The distinct rows of a data set that have a text and a label, tokenised."""

    def __init__(self, rows: TrainingRows, config: EncoderConfig) -> None:
        """Take what has a text and a label out of rows."""
        told = torch.from_numpy(rows.present[:, 0]) & labelled(rows)
        self.tokens = Tokens.of([rows.text[row] for row in told.nonzero().flatten().tolist()], config)
        self.rating = torch.from_numpy(rows.rating)[told]
        self.satisfaction = torch.from_numpy(rows.satisfaction)[told]
        self.outcomes = torch.from_numpy(rows.outcomes)[told]

    def __len__(self) -> int:
        return len(self.rating)


def labelled(rows: TrainingRows) -> Tensor:
    """Return which rows `[N]` have any label."""
    outcomes = torch.from_numpy(rows.outcomes).isfinite().any(1)
    return torch.from_numpy(rows.rating).isfinite() | (torch.from_numpy(rows.satisfaction) >= 0) | outcomes


def tune(
    train: TrainingRows,
    validation: TrainingRows,
    config: EncoderConfig,
    *,
    options: TuneOptions,
    seed: int,
    work: Path,
    device: str = "cpu",
    watch: Watch = lambda _stage: lambda _name, _value, _step: None,
    advance: Callable[[str, int, int], None] = lambda _stage, _done, _total: None,
) -> tuple[Path, dict[str, list[Epoch]]]:
    """Return the directory of the adapter, in PEFT's format, and what each stage's epochs came to.

    A stage that is done already, by a run that was killed, is not done again.

    Args:
        train: Rows to learn from.
        validation: Later rows that say when to stop.
        config: The encoder, without adapter.
        options: How.
        seed: Of everything random.
        work: Directory of checkpoints, of this very training.
        device: As torch names it.
        watch: Gives the log of a stage.
        advance: Told the stage, how many more of its units are behind it, and how many there are.
    """
    parts = (Labelled(train, config), Labelled(validation, config))
    options = replace(options, epochs=options.epochs or passes(parts[0].tokens))
    histories: dict[str, list[Epoch]] = {}
    adapters = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = AdaptedEncoder(
            config, rank=options.rank, layers=options.upper, dropout=options.dropout, device=device
        )
    if options.language:
        texts = [Tokens.of(sorted({text for text in rows.text if text}), config) for rows in (train, validation)]
        histories["language"] = adapt_language(
            encoder,
            *texts,
            epochs=options.language,
            options=options,
            seed=seed,
            checkpoint=work / "language.safetensors",
            log=watch("language"),
            advance=lambda done, total: advance("language", done, total),
        )
    start = encoder.weights()
    if not options.hide_words:
        total = sum(map(len, parts))
        for part in parts:
            encoder.keep_lower(part.tokens, options.batch, lambda done: advance("lower layers", done, total))
    for run in range(options.runs):
        encoder.load_weights(start)
        stage = f"adapter {run + 1}" if options.runs > 1 else "adapter"
        histories[stage] = _fit(
            encoder,
            *parts,
            options=options,
            seed=seed + run,
            checkpoint=work / f"adapter-{run}.safetensors",
            log=watch(stage),
            advance=lambda done, total, stage=stage: advance(stage, done, total),  # type: ignore[misc]
        )
        adapters.append(work / f"adapter-{run}")
        encoder.save(adapters[-1])
    return average_adapters(config, adapters, work / "adapter"), histories


def passes(tokens: Tokens) -> int:
    """Return how many passes over texts make about `TOKENS` tokens, 2 to 4."""
    return min(max(round(TOKENS / max(sum(map(len, tokens.ids)), 1)), _FEWEST), _MOST)


class _Logits(NamedTuple):
    rating: Tensor
    satisfaction: Tensor
    outcomes: Tensor


class _NoHead(nn.Module):
    def forward(self, embedding: Tensor) -> Tensor:
        return embedding.new_zeros(len(embedding), 0)


class _Heads(nn.Module):
    """A linear head per task on the embedding; only the adapter that it shapes is kept."""

    def __init__(self, encoder: AdaptedEncoder, outcomes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.scale = encoder.dimension**0.5
        self.dropout = nn.Dropout(_HEAD_DROPOUT)
        self.rating = nn.Linear(encoder.dimension, len(RATINGS))
        self.satisfaction = nn.Linear(encoder.dimension, len(SATISFACTION))
        self.outcomes = nn.Linear(encoder.dimension, outcomes) if outcomes else _NoHead()

    def forward(self, tokens: Tokens, rows: Tensor, hidden: float = 0.0) -> _Logits:
        embedding, _, _ = self.encoder.embed(tokens, rows, hidden)
        scaled = self.dropout(embedding * self.scale)
        heads = (self.rating, self.satisfaction, self.outcomes)
        return _Logits(*(head(scaled).float().cpu() for head in heads))  # in mixed precision they are in 16 bits


def _fit(
    encoder: AdaptedEncoder,
    train: Labelled,
    validation: Labelled,
    *,
    options: TuneOptions,
    seed: int,
    checkpoint: Path,
    log: Log,
    advance: Callable[[int, int], None],
) -> list[Epoch]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _Heads(encoder, train.outcomes.shape[1]).to(encoder.device)

    def of(rows: Tensor) -> Losses:
        return losses(model(train.tokens, rows, options.hide_words), train, rows)

    def judge() -> dict[str, float]:
        with torch.no_grad():
            parts = [model(validation.tokens, rows) for rows in _in_order(len(validation))]
        found = losses(_join(parts), validation, torch.arange(len(validation)))
        return {name: loss.item() for name, loss in found.items()}

    steps = options.epochs * len(train.tokens.steps(options.batch, seed, 0))
    return descend(
        model,
        batches=lambda epoch: train.tokens.steps(options.batch, seed, epoch),
        losses=of,
        judge=judge,
        options=options,
        seed=seed,
        checkpoint=checkpoint,
        log=log,
        advance=lambda done: advance(done, steps),
    )


def _in_order(size: int) -> Sequence[Tensor]:
    return torch.split(torch.arange(size), _JUDGED_AT_ONCE)


def _join(parts: Sequence[_Logits]) -> _Logits:
    return _Logits(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))

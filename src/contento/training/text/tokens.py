"""Texts as tokens, cut into steps of texts of like length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import torch
from torch import Tensor

from contento.model.config import EncoderConfig
from contento.model.encoder import load_tokenizer

_WINDOW: Final = 16
"""Steps whose texts are sorted by length together: little padding, and still a random order."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Tokenised texts.

    Attributes:
        ids: Token ids of each text, cut to the encoder's length.
        mask_id: Id that stands for a hidden word.
        special: Ids that are no words.
    """

    ids: tuple[tuple[int, ...], ...]
    mask_id: int
    special: frozenset[int]

    @classmethod
    def of(cls, texts: Sequence[str], config: EncoderConfig) -> Self:
        """Tokenise texts as the encoder of a configuration does."""
        tokenizer: Any = load_tokenizer(config.reference)
        cut = [text[: config.max_length * 32] for text in texts]
        found = tokenizer(cut, truncation=True, max_length=config.max_length)["input_ids"]
        unknown = tokenizer.mask_token_id if tokenizer.mask_token_id is not None else tokenizer.unk_token_id
        return cls(tuple(map(tuple, found)), unknown or 0, frozenset(tokenizer.all_special_ids))

    def padded(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return ids and mask `[len(rows), longest]`, int64."""
        chosen = [self.ids[row] for row in rows.tolist()]
        ids = torch.zeros(len(chosen), max(map(len, chosen)), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for place, each in enumerate(chosen):
            ids[place, : len(each)] = torch.tensor(each)
            mask[place, : len(each)] = 1
        return ids, mask

    def hide(self, ids: Tensor, share: float) -> Tensor:
        """Return `ids` with a share of the words hidden, drawn from torch's generator."""
        words = ~torch.isin(ids, torch.tensor(sorted(self.special)))
        hidden = words & (torch.rand(ids.shape) < share)
        return torch.where(hidden, self.mask_id, ids)

    def steps(self, batch: int, *seed: int) -> list[Tensor]:
        """Return the rows of each step of a pass over all texts, in an order drawn from the seed."""
        rng = np.random.default_rng(seed)
        length = np.array([len(each) for each in self.ids])
        order = rng.permutation(len(length))
        steps = []
        for window in np.split(order, np.arange(batch * _WINDOW, len(order), batch * _WINDOW)):
            ranked = window[np.argsort(length[window], kind="stable")]
            steps += np.split(ranked, np.arange(batch, len(ranked), batch))
        return [torch.from_numpy(steps[place]) for place in rng.permutation(len(steps))]

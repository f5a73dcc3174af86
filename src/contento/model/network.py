"""The network: four towers, a gated fusion over those that are there, and the heads."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from contento.model.config import NetworkConfig
from contento.model.interface import FACTOR_RANK, FACTOR_VALUES, HISTORY_LENGTH, HISTORY_VALUES, RATINGS, TOWERS

_LOWEST = torch.finfo(torch.bfloat16).min  # also in mixed precision a number; as good as none in either


class NetworkInputs(NamedTuple):
    """A batch of `N` rows, as in `ScorerInputs`; what a missing tower holds is not looked at.

    Attributes:
        text: `[N, text_dimension]` float32.
        image: `[N, image_dimension]` float32.
        history_ids: `[N, HISTORY_LENGTH, 2]` int64.
        history_values: `[N, HISTORY_LENGTH, len(HISTORY_VALUES)]` float32.
        history_mask: `[N, HISTORY_LENGTH]` bool.
        factors: `[N, FACTOR_VALUES]` float32.
        present: `[N, len(TOWERS)]` bool.
    """

    text: Tensor
    image: Tensor
    history_ids: Tensor
    history_values: Tensor
    history_mask: Tensor
    factors: Tensor
    present: Tensor


class NetworkOutputs(NamedTuple):
    """Answers to a batch of `N` rows.

    Attributes:
        rating: `[N, 5]` logits of the rating.
        satisfaction: `[N, 3]` logits of the satisfaction.
        outcomes: `[N, O]` logits of the outcomes.
        towers: `[N, 4]` share of each tower; a row without any tower has zeros.
        events: `[N, HISTORY_LENGTH]` share of each event; a row without events has zeros.
        user: `[N, U]` representation of the user.
    """

    rating: Tensor
    satisfaction: Tensor
    outcomes: Tensor
    towers: Tensor
    events: Tensor
    user: Tensor


class OwnedEmbedding(nn.Module):
    """Embeddings of 64-bit ids in hash buckets, each owned by one id.

    A bucket answers only to its owner; every other id has the one embedding of the unknown. So an
    id that training never saw is known to be unknown instead of wearing a stranger's embedding.
    """

    owners: Tensor

    def __init__(self, buckets: int, width: int) -> None:
        """Make all buckets free."""
        super().__init__()
        self.register_buffer("owners", torch.zeros(buckets, dtype=torch.int64))
        self.table = nn.Embedding(buckets + 1, width)
        nn.init.normal_(self.table.weight, std=0.1)

    def claim(self, ids: Tensor) -> None:
        """Give free buckets to ids `[K]`, first come first served: pass the most frequent first."""
        for identity in ids.tolist():
            bucket = identity % len(self.owners)
            if identity and not self.owners[bucket]:
                self.owners[bucket] = identity

    def forward(self, ids: Tensor, forgotten: Tensor | None = None) -> Tensor:
        """Return `[..., width]`; where `forgotten` is true, the embedding of the unknown."""
        bucket = ids.remainder(len(self.owners))
        owned = (self.owners[bucket] == ids) & (ids != 0)
        if forgotten is not None:
            owned = owned & ~forgotten
        embedded: Tensor = self.table(torch.where(owned, bucket + 1, torch.zeros_like(bucket)))
        return embedded


class BehaviourTower(nn.Module):
    """A causal attention block over the last events, read at the event that is scored.

    Only that last position is read, and causally it may see every event, so only its query is
    computed: a thirty-second of the work for the same numbers.
    """

    def __init__(self, config: NetworkConfig) -> None:
        """Build from the sizes."""
        super().__init__()
        self.heads = config.heads
        width = config.width
        self.types = OwnedEmbedding(config.type_buckets, config.type_width)
        self.items = OwnedEmbedding(config.item_buckets, config.item_width)
        self.event = nn.Sequential(
            nn.Linear(config.type_width + config.item_width + len(HISTORY_VALUES), width), nn.GELU()
        )
        self.age = nn.Parameter(torch.randn(HISTORY_LENGTH, width) * 0.02)
        self.before = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.mix = nn.Linear(width, width)
        self.dropout = nn.Dropout(config.dropout)
        self.after = nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.user = nn.Linear(width, config.user_dimension)
        self.out = nn.Linear(config.user_dimension, width)

    def forward(
        self, ids: Tensor, values: Tensor, mask: Tensor, forgotten: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the tower `[N, width]`, the user `[N, U]` and the events' shares `[N, HISTORY_LENGTH]`."""
        rows = len(ids)
        unknown_type, unknown_item = (None, None) if forgotten is None else forgotten.unbind(-1)
        told = torch.cat([self.types(ids[..., 0], unknown_type), self.items(ids[..., 1], unknown_item), values], dim=-1)
        events = self.before(self.event(told) + self.age)
        last = events[:, -1]
        query = self.query(last).view(rows, self.heads, 1, -1)
        key, value = self.key_value(events).view(rows, HISTORY_LENGTH, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        logits = (query @ key.transpose(-1, -2)).squeeze(2) * key.shape[-1] ** -0.5
        weights = logits.masked_fill(~mask[:, None], _LOWEST).softmax(-1) * mask[:, None]  # [N, heads, events]
        seen = (weights.unsqueeze(2) @ value).reshape(rows, -1)
        hidden = last + self.dropout(self.mix(seen))
        hidden = hidden + self.dropout(self.feed(self.after(hidden)))
        user = torch.tanh(self.user(hidden))
        return self.out(user), user, weights.mean(1)


class FactorsTower(nn.Module):
    """Online factors of user and item, with their products: what the two say together."""

    def __init__(self, config: NetworkConfig) -> None:
        """Build from the sizes."""
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(FACTOR_VALUES + FACTOR_RANK + 1, config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )

    def forward(self, factors: Tensor) -> Tensor:
        """Return `[N, width]` for `factors` `[N, FACTOR_VALUES]`."""
        user, item = factors[:, : FACTOR_VALUES // 2], factors[:, FACTOR_VALUES // 2 :]
        product = user[:, 1 : FACTOR_RANK + 1] * item[:, 1 : FACTOR_RANK + 1]
        expected = user[:, :1] + item[:, :1] + product.sum(1, keepdim=True)
        tower: Tensor = self.net(torch.cat([factors, product, expected], dim=1))
        return tower


class Fusion(nn.Module):
    """Gated attention over the towers that are there."""

    def __init__(self, config: NetworkConfig) -> None:
        """Build from the sizes."""
        super().__init__()
        width = config.width
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in TOWERS)
        self.gate = nn.Sequential(nn.Linear(width, width // 2), nn.Tanh(), nn.Linear(width // 2, 1))
        self.preference = nn.Parameter(torch.zeros(len(TOWERS)))
        self.values = nn.ModuleList(nn.Linear(width, width) for _ in TOWERS)
        self.nothing = nn.Parameter(torch.zeros(width))

    def forward(self, towers: list[Tensor], present: Tensor) -> tuple[Tensor, Tensor]:
        """Return the fused row `[N, width]` and the towers' shares `[N, 4]`."""
        normed = [norm(tower) for norm, tower in zip(self.norms, towers, strict=True)]
        gates = self.gate(torch.stack(normed, dim=1)).squeeze(-1) + self.preference
        shares = gates.masked_fill(~present, _LOWEST).softmax(-1) * present
        values = torch.stack([value(tower) for value, tower in zip(self.values, normed, strict=True)], dim=1)
        return (shares.unsqueeze(1) @ values).squeeze(1) + self.nothing, shares


class Network(nn.Module):
    """Towers, fusion and heads. A row's answer does not depend on the rows beside it."""

    def __init__(self, config: NetworkConfig) -> None:
        """Build with fresh weights from torch's generator."""
        super().__init__()
        self.config = config
        width = config.width
        self.text = _tower(config.text_dimension, config)
        self.image = _tower(config.image_dimension, config)
        self.behaviour = BehaviourTower(config)
        self.factors = FactorsTower(config)
        self.fusion = Fusion(config)
        self.body = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Dropout(config.dropout))
        self.rating = nn.Linear(width, len(RATINGS))
        self.satisfaction = nn.Linear(width, 3)
        outcomes = len(config.outcome_names)
        self.outcomes = nn.Linear(width, outcomes) if outcomes else _Absent(0)

    def forward(self, inputs: NetworkInputs, forgotten: Tensor | None = None) -> NetworkOutputs:
        """Score rows.

        Args:
            inputs: The rows.
            forgotten: `[N, HISTORY_LENGTH, 2]` bool, types and items treated as unknown (training).
        """
        present = inputs.present
        behaviour, user, events = self.behaviour(
            inputs.history_ids, inputs.history_values, inputs.history_mask & present[:, 2:3], forgotten
        )
        towers = [self.text(inputs.text), self.image(inputs.image), behaviour, self.factors(inputs.factors)]
        fused, shares = self.fusion(towers, present)
        body = fused + self.body(fused)
        return NetworkOutputs(
            rating=self.rating(body),
            satisfaction=self.satisfaction(body),
            outcomes=self.outcomes(body),
            towers=shares,
            events=events,
            user=user * present[:, 2:3],
        )


def _tower(dimension: int, config: NetworkConfig) -> nn.Module:
    """Return the tower of an embedding; unit length in, so that its scale says nothing."""
    if not dimension:
        return _Absent(config.width)
    return nn.Sequential(_Unit(), nn.Linear(dimension, config.width), nn.GELU(), nn.Dropout(config.dropout))


class _Unit(nn.Module):
    def forward(self, embedding: Tensor) -> Tensor:
        return nn.functional.normalize(embedding, dim=-1) * float(embedding.shape[-1] ** 0.5)


class _Absent(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, embedding: Tensor) -> Tensor:
        return embedding.new_zeros(len(embedding), self.width)

"""What the scorer asks of a model, whoever runs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from contento.contracts.errors import ContentoError
from contento.model.interface import Arm, EncoderOutputs, ScorerInputs, ScorerOutputs


class InferenceUnavailable(ContentoError):
    """The model cannot answer now; the same request may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBundle:
    """A bundle that is being served.

    Attributes:
        bundle: Its hash.
        encoder: Hash of the encoder that its text embeddings come from.
        text_dimension: Length `D` of a text embedding.
        image_dimension: Length `I` of an image embedding; 0 when it takes none.
        image_encoder: Name of the encoder that image embeddings must come from; empty when it takes none.
    """

    bundle: str
    encoder: str
    text_dimension: int
    image_dimension: int
    image_encoder: str


class Inference(Protocol):
    """A model that encodes texts and scores rows. Safe for concurrent calls of one event loop.

    Every method raises `InferenceUnavailable` when the model cannot answer now, and
    `ContentoError` when the request can never be answered.
    """

    kind: Literal["triton", "in-process"]

    async def live(self) -> dict[Arm, LiveBundle]:
        """Return the bundle of each arm; `serving` is always there."""
        ...

    async def encode(self, texts: Sequence[str], arm: Arm) -> EncoderOutputs:
        """Embed texts with the encoder of an arm's bundle. Any number of texts, any length."""
        ...

    async def score(self, inputs: ScorerInputs) -> ScorerOutputs:
        """Score rows. An arm without a bundle is answered by `serving`."""
        ...

    async def close(self) -> None:
        """Release connections and threads."""
        ...

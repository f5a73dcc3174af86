from typing import Any, get_args

import pytest

from contento.model.arithmetic import (
    ARITHMETICS,
    UNMEASURED,
    ArithmeticSetting,
    ArithmeticUnavailable,
    capabilities,
    choose,
    possible,
)

AVX2: dict[str, Any] = {"avx2": True, "avx512_bf16": False, "amx_bf16": False, "cuda_bfloat16": False}
BF16 = AVX2 | {"avx512_bf16": True}
AMX = AVX2 | {"amx_bf16": True}
ARM: dict[str, Any] = {"architecture": "aarch64"}
OLD_GPU = AVX2
NEW_GPU = AVX2 | {"cuda_bfloat16": True}
EVERYTHING = ARITHMETICS


@pytest.mark.parametrize(
    ("machine", "device", "permitted", "expected"),
    [
        (AVX2, "cpu", UNMEASURED, "onnx"),
        (AVX2, "cpu", EVERYTHING, "int8"),
        (AVX2, "cpu", ("float32",), "float32"),
        (AVX2, "cpu", ("bfloat16", "float32"), "float32"),
        (BF16, "cpu", UNMEASURED, "bfloat16"),
        (BF16, "cpu", EVERYTHING, "int8"),
        (AMX, "cpu", UNMEASURED, "bfloat16"),
        (ARM, "cpu", UNMEASURED, "onnx"),
        ({}, "cpu", UNMEASURED, "onnx"),
        (NEW_GPU, "cpu", UNMEASURED, "onnx"),
        (NEW_GPU, "cuda", EVERYTHING, "bfloat16"),
        (NEW_GPU, "cuda:1", UNMEASURED, "bfloat16"),
        (NEW_GPU, "cuda:0", ("float32", "int8"), "float32"),
        (OLD_GPU, "cuda:0", UNMEASURED, "float32"),
        (AMX, "cuda", UNMEASURED, "float32"),
        (AVX2, "mps", EVERYTHING, "float32"),
    ],
)
def test_the_fastest_that_the_machine_can_do_and_the_bundle_permits(
    machine: dict[str, Any], device: str, permitted: tuple[str, ...], expected: str
) -> None:
    assert choose(permitted, device=device, machine=machine) == expected


def test_a_setting_overrides_what_the_bundle_permits() -> None:
    assert choose(("float32",), device="cpu", machine=AVX2, asked="int8") == "int8"
    assert choose(EVERYTHING, device="cpu", machine=AVX2, asked="float32") == "float32"


@pytest.mark.parametrize(
    ("device", "asked", "can"),
    [("cpu", "bfloat16", "int8, onnx, float32"), ("cuda:0", "int8", "bfloat16, float32"), ("cuda", "onnx", "bfloat16")],
)
def test_a_setting_that_the_machine_cannot_do_is_refused(device: str, asked: ArithmeticSetting, can: str) -> None:
    machine = NEW_GPU if device.startswith("cuda") else AVX2
    with pytest.raises(ArithmeticUnavailable, match=f"is {asked}, but {device} here can do only {can}.*: set one of"):
        choose(EVERYTHING, device=device, machine=machine, asked=asked)


def test_a_bundle_that_permits_nothing_possible_is_refused() -> None:
    with pytest.raises(ArithmeticUnavailable, match=r"permits its encoder only int8, but cuda .* run it on another"):
        choose(("int8",), device="cuda", machine=NEW_GPU)


def test_settings_are_auto_and_every_arithmetic() -> None:
    assert get_args(ArithmeticSetting) == ("auto", *ARITHMETICS)


def test_this_machine_can_do_float32() -> None:
    assert "float32" in possible("cpu", capabilities())

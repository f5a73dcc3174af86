"""Contento's models in a real Triton server, serving the `random_store`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contento.inference.triton.repository import render_repository
from contento.local.stack import Stack, StackOptions
from contento.local.triton_environment import why_no_triton


@pytest.fixture(scope="session")
def onnx_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server and its twin keep ONNX graphs, so that each is made once."""
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="session")
def triton_address(tmp_path_factory: pytest.TempPathFactory, random_store: Path, onnx_cache: Path) -> Iterator[str]:
    """The gRPC address of the server."""
    reason = why_no_triton()
    if reason:
        pytest.skip(reason)

    def render(repository: Path) -> None:
        render_repository(
            repository, bundles=random_store, device="cpu", threads=1, arithmetic="onnx", cache=onnx_cache
        )

    options = StackOptions(
        directory=tmp_path_factory.mktemp("triton"),
        inference="triton",
        bundles=random_store,
        render=render,
    )
    with Stack(options) as stack:
        assert stack.triton is not None
        yield stack.triton

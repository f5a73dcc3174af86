"""Triton's `contento_encoder`: embeds texts, each with the encoder of its arm's bundle."""

from collections.abc import Mapping, Sequence
from typing import Any

from contento.inference.triton.execution import answer, array_of, open_bundles
from contento.inference.triton.wire import Arrays, encoded_arrays, texts


class TritonPythonModel:
    """The class that Triton's Python backend looks for; see `contento.inference.triton.wire`."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load and warm the live bundles' encoders; raises, and so is not ready, when they are not whole."""
        self.bundles = open_bundles(args, encode=True, score=False)

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer the requests of a dynamic batch."""
        return answer(requests, read=self._read, run=self._run)

    def _read(self, request: Any) -> tuple[tuple[list[str], list[str]], int]:
        content = texts(array_of(request, "TEXT")).tolist(), texts(array_of(request, "ARM")).tolist()
        return content, len(content[0])

    def _run(self, parts: list[tuple[list[str], list[str]]]) -> Arrays:
        together = [text for part in parts for text in part[0]]
        return encoded_arrays(self.bundles.encode(together, [arm for part in parts for arm in part[1]]))

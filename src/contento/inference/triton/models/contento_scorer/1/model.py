"""Triton's `contento_scorer`: scores rows, each with its arm's bundle."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contento.inference.live import live_bundles, to_text
from contento.inference.triton.execution import answer, array_of, open_bundles
from contento.inference.triton.wire import LIVE, SCORER_INPUTS, Arrays, output_arrays, read_inputs
from contento.model.interface import ScorerInputs
from contento.model.rows import check_rows, join_inputs


class TritonPythonModel:
    """The class that Triton's Python backend looks for; see `contento.inference.triton.wire`."""

    def initialize(self, args: Mapping[str, str]) -> None:
        """Load and warm the live bundles; raises, and so is not ready, when they are not whole."""
        self.bundles = open_bundles(args, encode=False, score=True)
        self.live = to_text(live_bundles(self.bundles)).encode()

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Answer the requests of a dynamic batch."""
        return answer(requests, read=self._read, run=self._run, more=self._more)

    def _read(self, request: Any) -> tuple[ScorerInputs, int]:
        inputs = read_inputs({name: array_of(request, name) for name in SCORER_INPUTS})
        check_rows(inputs)
        return inputs, len(inputs.arm)

    def _run(self, parts: list[ScorerInputs]) -> Arrays:
        return output_arrays(self.bundles.score(join_inputs(parts)))

    def _more(self, request: Any, rows: int) -> Arrays:
        if LIVE not in request.requested_output_names():
            return {}
        return {LIVE: np.full((rows, 1), self.live, np.object_)}

"""What an evaluation tells on its way, and at its end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Report = Callable[[str, int, int | None], None]
"""Told the stage, how many more of its units are done, and how many there are, if known."""


def silent(_stage: str, _more: int, _total: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What came of it.

    Attributes:
        learned: Ratings and labels learned before the first prediction.
        judged: Those predicted.
        models: Figures by model.
    """

    learned: int
    judged: int
    models: Mapping[str, dict[str, Any]]

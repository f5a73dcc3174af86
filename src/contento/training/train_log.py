"""Curves of a training, for TensorBoard: `tensorboard --logdir STORE/runs`."""

from pathlib import Path
from types import TracebackType
from typing import Self

from torch.utils.tensorboard import SummaryWriter

from contento.training.descent import Log


class TrainLog:
    """Writes the curves of the stages of one training."""

    def __init__(self, run: Path) -> None:
        """Write into the directory of a run."""
        self._folder = run / "tensorboard"
        self._writers: list[SummaryWriter] = []

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is still to be written."""
        for writer in self._writers:
            writer.close()

    def stage(self, name: str) -> Log:
        """Return the log of a stage."""
        writer = SummaryWriter(str(self._folder / name.replace(" ", "-")))
        self._writers.append(writer)

        def log(curve: str, value: float, step: int) -> None:
            writer.add_scalar(curve, value, step)

        return log

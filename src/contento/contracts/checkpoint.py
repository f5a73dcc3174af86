"""How parts that keep state outlive a restart: named entries of bytes, in formats of ours."""

from collections.abc import Mapping
from typing import Protocol

from contento.contracts.errors import ContentoError


class StateFormatError(ContentoError):
    """Kept state is of a format that this version does not read."""


class Checkpointed(Protocol):
    """A part of the learner whose state is kept in the store, in the transaction that keeps the Kafka offsets.

    Its effects are a function of its state and its input: it reads no clock and draws nothing. So a part
    that is restored goes on to the same bytes as one that was never interrupted.
    """

    def changed(self) -> Mapping[str, bytes | None]:
        """Return the entries that have changed since the last call, whole; `None`: the entry is gone.

        Called once per transaction, some times a second: only what changed, and cheap to make.
        """
        ...

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """Take up the state that these entries, all that there are, hold; called once, before anything else.

        Raises:
            StateFormatError: An entry is of a format that this version does not read.
        """
        ...

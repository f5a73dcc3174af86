"""A simulated world as a data set."""

from collections.abc import Iterator, Mapping

import numpy as np

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.simulate.scenarios import parse_scenario
from contento.simulate.truth import Truth
from contento.simulate.world import World


class SimulatedSource:
    """A scenario, played anew from its seed each time it is read.

    Attributes:
        name: The specification.
        scenario: What is simulated.
        size: Number of events.
    """

    def __init__(self, spec: str, scenario: str, options: Mapping[str, str]) -> None:
        """Take the scenario; nothing is drawn yet.

        Raises:
            DataError: The scenario or an option is wrong.
        """
        self.name = spec
        self.scenario = parse_scenario(spec, scenario, options)
        self.size: int | None = self.scenario.events
        self._next: World | None = None
        self._truth: Truth | None = None

    @property
    def truth(self) -> Truth:
        """What is true in the world read last, as far as it has been read; before, who and what will drift."""
        return self._unplayed().truth if self._truth is None else self._truth

    def items(self) -> Iterator[Item]:
        """Yield the items, as declared."""
        return self._unplayed().items()

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield events and feedback in time order."""
        world, self._next = self._unplayed(), None
        self._truth = world.truth
        return world.records()

    def _unplayed(self) -> World:
        if self._next is None:
            self._next = World(self.scenario, np.random.default_rng(self.scenario.seed))
        return self._next

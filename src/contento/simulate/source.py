"""A simulated world as a data set."""

from collections.abc import Iterator, Mapping

import numpy as np

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.simulate.scenarios import parse_scenario
from contento.simulate.world import World


class SimulatedSource:
    """A scenario, played anew from its seed each time it is read.

    Attributes:
        name: The specification.
        scenario: What is simulated.
        size: Number of events.
        truth: What is true in the world read last, as far as it has been read.
    """

    def __init__(self, spec: str, scenario: str, options: Mapping[str, str]) -> None:
        """Take the scenario; nothing is drawn yet.

        Raises:
            DataError: The scenario or an option is wrong.
        """
        self.name = spec
        self.scenario = parse_scenario(spec, scenario, options)
        self.size: int | None = self.scenario.events
        self.truth = self._world().truth

    def items(self) -> Iterator[Item]:
        """Yield the items, as declared."""
        return self._world().items()

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield events and feedback in time order."""
        world = self._world()
        self.truth = world.truth
        return world.records()

    def _world(self) -> World:
        return World(self.scenario, np.random.default_rng(self.scenario.seed))

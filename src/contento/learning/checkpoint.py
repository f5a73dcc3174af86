"""How the learner's parts outlive a restart; what they promise stands with the contracts, for parts below."""

from contento.contracts.checkpoint import Checkpointed, StateFormatError

__all__ = ["Checkpointed", "StateFormatError"]

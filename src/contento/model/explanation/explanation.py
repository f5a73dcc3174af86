"""What an explanation says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contento.model.interface import Tower


@dataclass(frozen=True, slots=True, kw_only=True)
class WordAttribution:
    """What a word adds to the target, by integrated gradients.

    Attributes:
        word: The word, `text[start:end]`.
        start: Its first character's place in the text.
        end: One past its last character's.
        attribution: In units of the target; negative: it pulls the target down.
        read: Whether the encoder read it; words after its last token are not read and add nothing.
    """

    word: str
    start: int
    end: int
    attribution: float
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerContribution:
    """What a tower adds to the target.

    Attributes:
        tower: Its name.
        share: Of the fusion's attention, in [0, 1]: the live score's `towers`; it has no sign.
        shapley: Exact Shapley value over the towers that have input, in units of the target; they sum to
            value - empty.
        removal: Target with the tower minus target without it.
    """

    tower: Tower
    share: float
    shapley: float
    removal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEvent:
    """What people call an event of the history.

    Attributes:
        event_id: Its id.
        type: Its type.
        item_id: Its item; empty where it has none.
        time_ms: When it happened, unix milliseconds.
    """

    event_id: str
    type: str
    item_id: str
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContribution:
    """What an event of the history adds to the target.

    Attributes:
        place: Its place among the model's `HISTORY_LENGTH` events.
        event: What it is called; `None` where that was not given.
        share: The live score's share of it, in [0, 1]; it has no sign.
        removal: Target with it minus target without it, all else as it is; `None` for the event that is
            scored, which cannot be taken away from its own score.
    """

    place: int
    event: NamedEvent | None
    share: float
    removal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFigures:
    """The score that is explained.

    Attributes:
        rating: Expected rating, 1 to 5.
        lower: Lower end of its interval.
        upper: Upper end of its interval.
        coverage: Stated coverage of the interval, in (0, 1).
        negative: P(negative).
        neutral: P(neutral).
        positive: P(positive).
        satisfaction: P(positive) + P(neutral) / 2, in [0, 1].
        outcomes: Probability per outcome.
    """

    rating: float
    lower: float
    upper: float
    coverage: float
    negative: float
    neutral: float
    positive: float
    satisfaction: float
    outcomes: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why one score is what it is.

    Attributes:
        bundle: Hash of the bundle that scored.
        target: Which number is explained.
        value: That number.
        score: The whole score.
        text: The text that was scored; empty where there was none.
        words: Its words in order; their attributions sum to value - baseline_value + delta.
        baseline: What integrated gradients start from, in words; empty without a text.
        baseline_value: The target there; equals `value` without a text.
        delta: Convergence delta: by how much the words' sum misses its aim.
        steps: Steps of the integral.
        empty: The target when no tower has input.
        towers: The towers that have input.
        events: The events of the history, the newest first; the first is the one that is scored.
    """

    bundle: str
    target: str
    value: float
    score: ScoreFigures
    text: str
    words: tuple[WordAttribution, ...]
    baseline: str
    baseline_value: float
    delta: float
    steps: int
    empty: float
    towers: tuple[TowerContribution, ...]
    events: tuple[EventContribution, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

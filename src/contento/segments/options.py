"""What an operator may choose about segments, with what each choice was measured on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterOptions:
    """Sizes, memories and thresholds. `docs/segments.md` has the measurements behind the defaults.

    Attributes:
        max_users: Users remembered; the one longest unseen is forgotten first. About 1.5 KB each with the
            package's bundle: 20,000 are 30 MB.
        assign_events: Events from which a user is put into a segment.
        fit_events: Events from which a user takes part in finding the segments: below, chance outweighs taste.
        fit_users: Users there must be before segments are looked for.
        sample_users: Users at most that a fit looks at.
        refit_every: Scores between two fits at most; at first fits come sooner, each after a fifth more scores.
        most_segments: Segments at most.
        half_life_events: Events of a user after which half of what they showed is forgotten.
        margin: Cosine by which another segment must be nearer before a user moves.
        gain: How many times the merit of their present number another number must have to be better.
        newest: Weight of the newest fit in the merits, which are means over the last ones, in (0, 1].
        floor: Merit from which there is more than one segment; below half of it there is again but one.
        kept_changes: Records of splits, merges, births and ends that are kept.
    """

    max_users: int = 20_000
    assign_events: int = 5
    fit_events: int = 30
    fit_users: int = 40
    sample_users: int = 2_000
    refit_every: int = 5_000
    most_segments: int = 8
    half_life_events: float = 200.0
    margin: float = 0.1
    gain: float = 1.1
    newest: float = 0.4
    floor: float = 0.05
    kept_changes: int = 1_000

"""The Redis key registry: the one place that says which keys there are, and what they hold.

The braces mark the cluster's hash tag: a user's keys share a slot, so one script can change them.
"""

from dataclasses import dataclass
from typing import Final, Literal

KeyName = Literal[
    "user_live",
    "user_history",
    "item_live",
    "item_meta",
    "segment_live",
    "segment_meta",
    "segments",
    "at_risk",
    "user_factors",
    "item_factors",
    "rating_correction",
    "quality",
    "embedding",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisKey:
    """One kind of key.

    Attributes:
        pattern: The key, with `<name>` for what varies.
        type: The Redis type, as the `TYPE` command names it.
        writer: The service that writes it.
        holds: What it holds: fields or encoding, with units.
    """

    pattern: str
    type: Literal["hash", "string", "zset", "set"]
    writer: str
    holds: str


USER_LIVE_FIELDS: Final = (
    "satisfaction",  # in [0, 1], decayed over the last events
    "trend",  # satisfaction minus its slow average: below 0 is falling
    "p_negative",  # decayed P(negative), in [0, 1]
    "p_neutral",  # decayed P(neutral), in [0, 1]
    "p_positive",  # decayed P(positive), in [0, 1]
    "rating",  # decayed expected rating, 1 to 5
    "n",  # events applied
    "segment",  # id of the user's segment
    "bundle",  # hash of the bundle of the last score
    "updated_ms",  # time of the last event, unix milliseconds
    "slow",  # slow average of satisfaction, behind `trend`
)
GROUP_LIVE_FIELDS: Final = (
    "n",  # events applied
    "satisfaction",  # in [0, 1], mean decayed by event time
    "p_negative",  # P(negative) in [0, 1], mean decayed by event time
    "rating",  # expected rating 1 to 5, mean decayed by event time
    "weight",  # decayed count behind those means, at updated_ms
    "updated_ms",  # time of the newest event, unix milliseconds
)
NO_SEGMENT: Final = "unassigned"
"""Segment of a user for whom none was declared, and none found yet."""
APPLIED: Final = "applied:"
"""Field prefix in live hashes: `applied:<cluster>/<topic>/<partition>` holds the last offset applied."""

REDIS_KEYS: dict[KeyName, RedisKey] = {
    "user_live": RedisKey(
        pattern="user:{<id>}:live",
        type="hash",
        writer="scorer",
        holds=f"{', '.join(USER_LIVE_FIELDS)}, {APPLIED}<cluster>/<topic>/<partition>",
    ),
    "user_history": RedisKey(
        pattern="user:{<id>}:history",
        type="string",
        writer="scorer",
        holds="protobuf contento.v1.History: the last 32 events",
    ),
    "item_live": RedisKey(
        pattern="item:{<id>}:live",
        type="hash",
        writer="scorer",
        holds=f"{', '.join(GROUP_LIVE_FIELDS)}, {APPLIED}<cluster>/<topic>/<partition>",
    ),
    "item_meta": RedisKey(
        pattern="item:{<id>}:meta",
        type="string",
        writer="scorer",
        holds="protobuf contento.v1.Item: its last state from the items topic",
    ),
    "segment_live": RedisKey(
        pattern="segment:{<id>}:live",
        type="hash",
        writer="scorer",
        holds=f"{', '.join(GROUP_LIVE_FIELDS)}, {APPLIED}<cluster>/<topic>/<partition>",
    ),
    "segment_meta": RedisKey(
        pattern="segment:{<id>}:meta",
        type="string",
        writer="learner",
        holds="protobuf contento.v1.Segment: what its users do and like, and what it came from",
    ),
    "segments": RedisKey(pattern="segments", type="set", writer="scorer", holds="ids of all segments that were scored"),
    "at_risk": RedisKey(
        pattern="at-risk",
        type="zset",
        writer="scorer",
        holds="user ids by risk = 1 - satisfaction, for those over the threshold",
    ),
    "user_factors": RedisKey(
        pattern="factors:user:{<id>}", type="string", writer="learner", holds="protobuf contento.v1.Factors"
    ),
    "item_factors": RedisKey(
        pattern="factors:item:{<id>}", type="string", writer="learner", holds="protobuf contento.v1.Factors"
    ),
    "rating_correction": RedisKey(
        pattern="rating-correction",
        type="string",
        writer="learner",
        holds="protobuf contento.v1.RatingCorrection: what ratings so far add to the answers of each bundle",
    ),
    "quality": RedisKey(
        pattern="quality",
        type="string",
        writer="learner",
        holds="JSON: how good scores are by slice (all, segment:…, bundle:…, arm:…) over the last labels, and in total",
    ),
    "embedding": RedisKey(
        pattern="embedding:<encoder>:<text hash>",
        type="string",
        writer="scorer",
        holds="text embedding, float16 little endian, unit length; expires",
    ),
}


class RedisKeys:
    """The keys under one prefix."""

    def __init__(self, prefix: str = "contento") -> None:
        """Take the prefix, without a colon at its end."""
        self.prefix = prefix

    def user_live(self, user: str) -> str:
        """Return the key of a user's live scores."""
        return f"{self.prefix}:user:{{{user}}}:live"

    def user_history(self, user: str) -> str:
        """Return the key of a user's last events."""
        return f"{self.prefix}:user:{{{user}}}:history"

    def item_live(self, item: str) -> str:
        """Return the key of an item's live scores."""
        return f"{self.prefix}:item:{{{item}}}:live"

    def item_meta(self, item: str) -> str:
        """Return the key of what is known of an item."""
        return f"{self.prefix}:item:{{{item}}}:meta"

    def segment_live(self, segment: str) -> str:
        """Return the key of a segment's live scores."""
        return f"{self.prefix}:segment:{{{segment}}}:live"

    def segment_meta(self, segment: str) -> str:
        """Return the key of what is known of a segment."""
        return f"{self.prefix}:segment:{{{segment}}}:meta"

    def segments(self) -> str:
        """Return the key of the set of segments."""
        return f"{self.prefix}:segments"

    def at_risk(self) -> str:
        """Return the key of the users at risk."""
        return f"{self.prefix}:at-risk"

    def user_factors(self, user: str) -> str:
        """Return the key of a user's online factors."""
        return f"{self.prefix}:factors:user:{{{user}}}"

    def item_factors(self, item: str) -> str:
        """Return the key of an item's online factors."""
        return f"{self.prefix}:factors:item:{{{item}}}"

    def rating_correction(self) -> str:
        """Return the key of what corrects the answers of bundles."""
        return f"{self.prefix}:rating-correction"

    def quality(self) -> str:
        """Return the key of how good the served scores are."""
        return f"{self.prefix}:quality"

    def embedding(self, encoder: str, text_key: str) -> str:
        """Return the key of a text's embedding by an encoder."""
        return f"{self.prefix}:embedding:{encoder}:{text_key}"

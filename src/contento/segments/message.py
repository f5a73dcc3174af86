"""A segment as it is written to the store."""

from collections.abc import Mapping, Sequence
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from contento.contracts.messages import Segment, SegmentChangeKind
from contento.contracts.messages import SegmentChange as ChangeMessage
from contento.segments.description import Portrait
from contento.segments.identity import ChangeKind, SegmentChange

_SHOWN: Final = 20
"""Changes written with a segment, the newest."""
_KINDS: Final[Mapping[ChangeKind, SegmentChangeKind]] = {
    "born": SegmentChangeKind.SEGMENT_CHANGE_KIND_BORN,
    "split": SegmentChangeKind.SEGMENT_CHANGE_KIND_SPLIT,
    "merged": SegmentChangeKind.SEGMENT_CHANGE_KIND_MERGED,
    "gone": SegmentChangeKind.SEGMENT_CHANGE_KIND_GONE,
}


def segment_message(
    segment_id: str,
    portrait: Portrait,
    *,
    since_ms: int,
    updated_ms: int,
    bundle: str,
    changes: Sequence[SegmentChange],
) -> Segment:
    """Return a segment's message; times in ms since 1970."""
    return Segment(
        segment_id=segment_id,
        name=portrait.name,
        description=portrait.description,
        users=portrait.users,
        share=portrait.share,
        satisfaction=portrait.satisfaction,
        since=_time(since_ms),
        updated=_time(updated_ms),
        representative_item_ids=portrait.items,
        changes=[change_message(each) for each in changes[-_SHOWN:]],
        bundle=bundle,
    )


def change_message(change: SegmentChange) -> ChangeMessage:
    """Return the message of a change."""
    return ChangeMessage(
        kind=_KINDS[change.kind],
        before=change.before,
        after=change.after,
        time=_time(change.time_ms),
        share=change.share,
    )


def _time(at_ms: int) -> Timestamp:
    return Timestamp(seconds=at_ms // 1000, nanos=at_ms % 1000 * 1_000_000)

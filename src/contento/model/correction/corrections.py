"""The corrections of all bundles that answer, and what they share."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contento.contracts.checkpoint import StateFormatError
from contento.contracts.messages import BundleCorrection as BundleMessage
from contento.contracts.messages import RatingCorrection
from contento.model.correction.correction import COVERAGE, BundleCorrection, Corrected, Situation
from contento.model.correction.stack import Stack
from contento.model.correction.steps import BUCKETS, FEATURES, add_residual
from contento.model.correction.tags import Tags
from contento.model.online.conformal import AdaptiveInterval
from contento.model.online.distribution import StarDistribution

_BUNDLES: Final = 4
"""That are remembered: the one that serves, a candidate, and those that served before."""
_FORMAT: Final = 1
_SHARED: Final = "shared"


class Corrections:
    """Corrects the answers of any bundle. `Checkpointed`.

    A bundle that has no rating yet is corrected as the one of the last rating is.
    """

    def __init__(self) -> None:
        """Start with nothing learned: no answer is corrected."""
        self._bundles: OrderedDict[str, BundleCorrection] = OrderedDict()
        self._tag_residuals = np.zeros(2 * BUCKETS, np.float32)
        self._gone: set[str] = set()
        self._changed = False

    def correct(self, bundle: str, of: Situation) -> Corrected | None:
        """Return what is to be served; `None` before the first rating: what the bundle says stands."""
        found = self._bundles.get(bundle) or (next(reversed(self._bundles.values())) if self._bundles else None)
        return found.correct(of, self._tag_residuals) if found else None

    def learn(self, bundle: str, of: Situation, rating: float) -> Corrected:
        """Take a rating of a bundle's answer in, and return what would have been served just before."""
        self._changed = True
        if bundle not in self._bundles:
            self._bundles[bundle] = self._another()
            if len(self._bundles) > _BUNDLES:
                self._gone.add(self._bundles.popitem(last=False)[0])
        self._bundles.move_to_end(bundle)
        return self._bundles[bundle].learn(of, self._tag_residuals, rating)

    def learn_tags(self, tags: Tags, residual: float) -> None:
        """Take in what biases left over of a rating of an item with these tags."""
        for place in tags.every:
            add_residual(self._tag_residuals, place, residual)

    def message(self) -> RatingCorrection:
        """Return what `correct` needs."""
        return RatingCorrection(
            bundles=[
                BundleMessage(
                    bundle=name,
                    ratings=each.ratings,
                    weights=each.stack.weights.tolist(),
                    half_width=each.interval.half,
                    edges=each.stars.edges.tolist(),
                    log_scale=each.stars.log_scale,
                    ahead=each.ahead,
                )
                for name, each in self._bundles.items()
            ],
            tag_residuals=self._tag_residuals.astype("<f4", copy=False).tobytes(),
        )

    @classmethod
    def of(cls, message: RatingCorrection) -> "Corrections":
        """Return what corrects as the one did whose message this is, and does not learn.

        What another version has written is not read: then nothing is corrected until the learner writes again.
        """
        found = cls()
        residuals = np.frombuffer(message.tag_residuals, "<f4")
        if residuals.size == found._tag_residuals.size and all(
            len(each.weights) == FEATURES for each in message.bundles
        ):
            found._tag_residuals = residuals.astype(np.float32)
            found._bundles.update((each.bundle, _read(each)) for each in message.bundles)
        return found

    def changed(self) -> dict[str, bytes | None]:
        """See `Checkpointed.changed`."""
        if not self._changed:
            return {}
        entries: dict[str, bytes | None] = dict.fromkeys(sorted(self._gone))
        entries[_SHARED] = self.message().SerializeToString(deterministic=True)
        for name, each in self._bundles.items():
            head = json.dumps({"format": _FORMAT, "recent": list(each.interval.recent)})
            entries[name] = head.encode() + b"\n" + each.stack.covariance.astype("<f8", copy=False).tobytes()
        self._gone.clear()
        self._changed = False
        return entries

    def restore(self, entries: Mapping[str, bytes]) -> None:
        """See `Checkpointed.restore`."""
        if _SHARED not in entries:
            return
        message = RatingCorrection.FromString(entries[_SHARED])
        self._tag_residuals = np.frombuffer(message.tag_residuals, "<f4").astype(np.float32)
        for each in message.bundles:
            head, _, body = entries[each.bundle].partition(b"\n")
            kept = json.loads(head)
            if kept["format"] != _FORMAT or len(body) != 8 * FEATURES * FEATURES:
                raise StateFormatError(
                    f"the rating correction of bundle {each.bundle} is kept in another format than this version's: "
                    "run the version that wrote it, or give the learner a new directory"
                )
            self._bundles[each.bundle] = _read(each, kept["recent"], _square(body))

    def _another(self) -> BundleCorrection:
        """Return the beginning of a bundle's: what is known of the last one, held loosely."""
        if not self._bundles:
            return BundleCorrection(Stack(), AdaptiveInterval(coverage=COVERAGE), StarDistribution())
        last = next(reversed(self._bundles.values()))
        return BundleCorrection(
            Stack(last.stack.weights),
            AdaptiveInterval(coverage=COVERAGE, start=last.interval.half, recent=last.interval.recent),
            StarDistribution(last.stars.edges.tolist(), last.stars.log_scale),
            ahead=last.ahead,
        )


def _read(message: BundleMessage, recent: Any = (), covariance: NDArray[np.float64] | None = None) -> BundleCorrection:
    return BundleCorrection(
        Stack(np.array(message.weights), covariance),
        AdaptiveInterval(coverage=COVERAGE, start=message.half_width, recent=recent),
        StarDistribution(list(message.edges), message.log_scale),
        ahead=message.ahead,
        ratings=message.ratings,
    )


def _square(body: bytes) -> NDArray[np.float64]:
    return np.frombuffer(body, "<f8").reshape(FEATURES, FEATURES).copy()

"""What is live, as the scorer asks for it, and as text for the wire."""

import dataclasses
import json
from typing import TYPE_CHECKING

from contento.inference.base import LiveBundle
from contento.model.interface import Arm
from contento.model.store import ARMS

if TYPE_CHECKING:  # loads torch, which a client does not need
    from contento.model.bundle import Bundle
    from contento.model.serving import LiveBundles


def live_bundles(bundles: "LiveBundles") -> dict[Arm, LiveBundle]:
    """Return what each arm is answered by."""
    return {arm: live_bundle(bundle) for arm, bundle in bundles.arms.items()}


def live_bundle(bundle: "Bundle") -> LiveBundle:
    """Return what the scorer must know of a bundle."""
    return LiveBundle(
        bundle=bundle.hash,
        encoder=bundle.config.encoder.hash,
        text_dimension=bundle.config.network.text_dimension,
        image_dimension=bundle.config.network.image_dimension,
        image_encoder=bundle.config.image_encoder,
    )


def to_text(live: dict[Arm, LiveBundle]) -> str:
    """Return the JSON of it."""
    return json.dumps({arm: dataclasses.asdict(bundle) for arm, bundle in live.items()})


def from_text(text: str | bytes) -> dict[Arm, LiveBundle]:
    """Read what `to_text` wrote."""
    content = json.loads(text)
    return {arm: LiveBundle(**content[arm]) for arm in ARMS if arm in content}

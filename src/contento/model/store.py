"""The bundle store: a directory of bundles, and `live.json`, which says which arm serves which."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

from contento.contracts.errors import ContentoError
from contento.model.interface import Arm

LIVE: Final = "live.json"
DEFAULT_CACHE: Final = Path("~/.cache/contento")
"""Where what takes long to make is kept between starts, such as ONNX graphs."""
ARMS: Final[tuple[Arm, ...]] = get_args(Arm)


class StoreError(ContentoError):
    """A bundle store cannot say what is live."""


def default_store() -> Path:
    """Return the store that the package carries, with a trained bundle."""
    return Path(__file__).parent / "default"


def read_live(store: Path) -> dict[Arm, str]:
    """Return the bundle hash of each arm; `serving` is always there.

    Raises:
        StoreError: `live.json` is missing or wrong.
    """
    path = store / LIVE
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}: give a bundle store, or make one with `contento train --out {store}`"
        ) from error
    except ValueError as error:
        raise StoreError(f"{path} is no JSON ({error}): {_EXPECTED}") from error
    arms = content.get("arms") if isinstance(content, dict) else None
    if not isinstance(arms, dict) or not all(isinstance(bundle, str) for bundle in arms.values()):
        raise StoreError(f"{path} has no object `arms` of bundle hashes: {_EXPECTED}")
    if not arms.get("serving"):
        raise StoreError(f"{path} names no bundle for the arm `serving`: {_EXPECTED}")
    return {arm: arms[arm] for arm in ARMS if arms.get(arm)}


def write_live(store: Path, arms: Mapping[Arm, str]) -> None:
    """Make bundles live, in one atomic step: a reader sees the old file or the new one.

    Raises:
        StoreError: `serving` is not among the arms, or a bundle is not in the store.
    """
    if "serving" not in arms:
        raise StoreError("the arm `serving` must have a bundle: name one")
    for arm, bundle in arms.items():
        if not (store / bundle).is_dir():
            raise StoreError(f"{store} holds no bundle {bundle} for the arm {arm}: put it there first")
    handle, name = tempfile.mkstemp(prefix=".live-", dir=store)
    with os.fdopen(handle, "wb") as file:
        file.write(json.dumps({"arms": dict(arms)}, sort_keys=True, indent=1).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    path = Path(name)
    path.chmod(0o644)
    path.replace(store / LIVE)


_EXPECTED: Final = 'write {"arms": {"serving": "<bundle hash>"}} there'

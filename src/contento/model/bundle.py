"""A bundle: adapter, weights, configuration and calibration in a directory named by its content.

```
<hash>/manifest.json       file to SHA-256; the bundle's hash is the SHA-256 of this file
       config.json         BundleConfig
       model.safetensors   network weights
       encoder_adapter/    LoRA adapter of the text encoder, in PEFT's format (optional)
       calibration.json    Calibration
       training.json       data, seed, versions
       metrics.json        how good it was when it was made
```
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from contento.contracts.errors import ContentoError
from contento.model.calibration import Calibration
from contento.model.config import FORMAT, BundleConfig
from contento.model.encoder import ADAPTER_FILES
from contento.model.network import Network

MANIFEST: Final = "manifest.json"
ADAPTER: Final = "encoder_adapter"
WEIGHTS: Final = "model.safetensors"
REQUIRED: Final = ("config.json", WEIGHTS, "calibration.json", "training.json", "metrics.json")


class BundleError(ContentoError):
    """A bundle is not what its hash says, or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A verified bundle on disk.

    Attributes:
        hash: Its name: the SHA-256 of its manifest.
        path: Its directory.
        config: Sizes, encoder, label spaces.
        calibration: Of the rating's interval.
    """

    hash: str
    path: Path
    config: BundleConfig
    calibration: Calibration

    @property
    def adapter(self) -> Path | None:
        """Directory of the encoder's adapter, `None` where there is none."""
        return self.path / ADAPTER if self.config.encoder.adapted else None

    def network(self, device: str = "cpu") -> Network:
        """Return the network with the bundle's weights, ready to score.

        Raises:
            BundleError: The weights do not fit the configuration.
        """
        network = Network(self.config.network)
        try:
            network.load_state_dict(load_file(self.path / WEIGHTS))
        except (RuntimeError, SafetensorError) as error:
            raise BundleError(
                f"bundle {self.hash}: {WEIGHTS} does not fit config.json ({error}): train again with `contento train`"
            ) from error
        return network.eval().requires_grad_(requires_grad=False).to(device)


def write_bundle(
    store: Path,
    *,
    config: BundleConfig,
    network: Network,
    calibration: Calibration,
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    adapter: Path | None = None,
) -> Bundle:
    """Write a bundle into a store and return it; the same content is written once.

    Args:
        store: Directory of bundles; is made if need be.
        config: Its configuration, the encoder's hash included.
        network: The trained network.
        calibration: Of the rating's interval.
        training: What it was trained on and with; JSON values.
        metrics: How good it is; JSON values.
        adapter: Directory of the encoder's LoRA adapter, if `config.encoder.adapted`.
    """
    store.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=store))
    try:
        for name, content in (
            ("config.json", config.as_json()),
            ("calibration.json", calibration.as_json()),
            ("training.json", dict(training)),
            ("metrics.json", dict(metrics)),
        ):
            (building / name).write_bytes(_json(content))
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
        save_file(weights, building / WEIGHTS)
        if adapter:
            (building / ADAPTER).mkdir()
            for name in ADAPTER_FILES:
                shutil.copyfile(adapter / name, building / ADAPTER / name)
        files = {
            path.relative_to(building).as_posix(): _sha256(path)
            for path in sorted(building.rglob("*"))
            if path.is_file()
        }
        manifest = _json({"format": FORMAT, "files": files})
        (building / MANIFEST).write_bytes(manifest)
        building.chmod(0o755)
        target = store / hashlib.sha256(manifest).hexdigest()
        if not target.exists():
            building.rename(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return load_bundle(target)


def load_bundle(path: Path) -> Bundle:
    """Verify every file of a bundle and return it.

    Raises:
        BundleError: A file is missing, or its content is not what the manifest says.
        ConfigError: The configuration is of another version.
    """
    try:
        manifest = (path / MANIFEST).read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path} holds no bundle ({MANIFEST}: {error.strerror}): give a bundle's directory, "
            "or train one with `contento train`"
        ) from error
    found = hashlib.sha256(manifest).hexdigest()
    if found != path.name:
        raise BundleError(
            f"bundle {path.name}: {MANIFEST} has SHA-256 {found}: the directory was renamed or changed; "
            "restore it from its source"
        )
    files: dict[str, str] = json.loads(manifest)["files"]
    for name in REQUIRED:
        if name not in files:
            raise BundleError(f"bundle {path.name}: {MANIFEST} lists no {name}: train again with `contento train`")
    for name, expected in files.items():
        file = path / name
        if not file.resolve().is_relative_to(path.resolve()):
            raise BundleError(f"bundle {path.name}: {MANIFEST} lists {name}, outside the bundle: do not use it")
        if not file.is_file():
            raise BundleError(f"bundle {path.name}: {name} is missing: restore the bundle from its source")
        digest = _sha256(file)
        if digest != expected:
            raise BundleError(
                f"bundle {path.name}: {name} has SHA-256 {digest}, expected {expected}: the file is damaged or was "
                "changed; restore the bundle from its source"
            )
    return Bundle(
        hash=path.name,
        path=path,
        config=BundleConfig.from_json(json.loads((path / "config.json").read_bytes())),
        calibration=Calibration.from_json(json.loads((path / "calibration.json").read_bytes())),
    )


def versions() -> dict[str, str]:
    """Return the versions of what shapes a bundle's numbers, for `training.json`."""
    return {name: version(name) for name in ("contento", "numpy", "peft", "transformers")} | {
        "torch": torch.__version__
    }


def _json(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False).encode() + b"\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

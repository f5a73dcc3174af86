import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from contento.model.arithmetic import UNMEASURED
from contento.model.bundle import BundleError, load_bundle, write_bundle
from contento.model.calibration import Calibration
from contento.model.config import BundleConfig, ConfigError, EncoderConfig, NetworkConfig
from contento.model.network import Network
from contento.model.store import StoreError, default_store, read_live, write_live

CONFIG = BundleConfig(network=NetworkConfig(outcome_names=("purchase",)), parent="p")


@pytest.fixture
def bundle_path(tmp_path: Path) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = Network(CONFIG.network)
    bundle = write_bundle(
        tmp_path, config=CONFIG, network=network, calibration=Calibration(width=2.0), training={"a": 1}, metrics={}
    )
    assert bundle.config == CONFIG
    assert bundle.calibration.width == 2.0
    for name, tensor in bundle.network().state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name])
    again = write_bundle(
        tmp_path, config=CONFIG, network=network, calibration=Calibration(width=2.0), training={"a": 1}, metrics={}
    )
    assert again.path == bundle.path
    assert len(list(tmp_path.iterdir())) == 1, "nothing is left of the building"
    return bundle.path


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "calibration.json", "training.json", "metrics.json"]
)
def test_any_changed_or_missing_file_is_named(bundle_path: Path, name: str) -> None:
    file = bundle_path / name
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BundleError, match=rf"{name} has SHA-256 \w+, expected \w+: the file is damaged"):
        load_bundle(bundle_path)
    file.unlink()
    with pytest.raises(BundleError, match=rf"{name} is missing: restore"):
        load_bundle(bundle_path)


def test_a_changed_manifest_and_a_renamed_directory_are_found(bundle_path: Path) -> None:
    renamed = bundle_path.rename(bundle_path.with_name("f" * 64))
    with pytest.raises(BundleError, match=r"manifest\.json has SHA-256 .* renamed or changed"):
        load_bundle(renamed)
    with pytest.raises(BundleError, match="holds no bundle"):
        load_bundle(bundle_path)


def test_a_manifest_cannot_reach_outside(tmp_path: Path, bundle_path: Path) -> None:
    import hashlib  # noqa: PLC0415

    manifest = json.loads((bundle_path / "manifest.json").read_text())
    manifest["files"]["../secret"] = "0"
    text = json.dumps(manifest).encode()
    (bundle_path / "manifest.json").write_bytes(text)
    evil = bundle_path.rename(tmp_path / hashlib.sha256(text).hexdigest())
    with pytest.raises(BundleError, match="outside the bundle"):
        load_bundle(evil)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    network = Network(NetworkConfig(width=32))
    bundle = write_bundle(
        tmp_path, config=BundleConfig(), network=network, calibration=Calibration(), training={}, metrics={}
    )
    with pytest.raises(BundleError, match=r"model\.safetensors does not fit config\.json"):
        bundle.network()


def test_unknown_keys_are_dropped_with_a_warning() -> None:
    content = CONFIG.as_json() | {"new": 1}
    content["network"]["newer"] = 2
    with pytest.warns(UserWarning, match="keys this version does not know") as warned:
        assert BundleConfig.from_json(json.loads(json.dumps(content))) == CONFIG
    assert [str(each.message).split("ignored: ")[1] for each in warned] == ["new", "newer"]


def test_arithmetics_and_layers_are_read_and_a_retired_key_is_dropped_silently() -> None:
    encoder = EncoderConfig(arithmetics=("float32", "int8"), layers=3)
    content = json.loads(json.dumps(replace(CONFIG, encoder=encoder).as_json()))
    content["encoder"]["precision"] = "float32"
    assert BundleConfig.from_json(content).encoder == encoder
    del content["encoder"]["arithmetics"], content["encoder"]["layers"]
    assert BundleConfig.from_json(content).encoder == EncoderConfig()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has format 2, this version of Contento reads format 1"),
        ({"encoder": {"pooling": "max"}}, "encoder.pooling is 'max', expected one of mean, first"),
        ({"encoder": {"layers": -1}}, "encoder.layers is -1, expected 0"),
        (
            {"encoder": {"arithmetics": ["float32", "float8"]}},
            "encoder.arithmetics is 'float8', expected one of float32",
        ),
        ({"encoder": {"arithmetics": []}}, r"encoder.arithmetics is \[\], expected a list of float32, bfloat16"),
        ({"encoder": {"arithmetics": "onnx"}}, "encoder.arithmetics is 'onnx', expected a list of"),
        ({"encoder": 3}, "encoder is int, expected an object"),
        ({"network": {"width": "64"}}, "network.width is '64', expected int"),
        ({"network": 3}, "network is int, expected an object"),
    ],
)
def test_a_wrong_configuration_is_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BundleConfig.from_json(CONFIG.as_json() | change)


def test_live_json(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"live\.json: No such file"):
        read_live(tmp_path)
    with pytest.raises(StoreError, match="must have a bundle"):
        write_live(tmp_path, {})
    (tmp_path / "a").mkdir()
    with pytest.raises(StoreError, match="holds no bundle b for the arm candidate"):
        write_live(tmp_path, {"serving": "a", "candidate": "b"})
    (tmp_path / "b").mkdir()
    write_live(tmp_path, {"candidate": "b", "serving": "a"})
    assert list(read_live(tmp_path).items()) == [("serving", "a"), ("candidate", "b")]
    for wrong in ("[]", '{"arms": {"candidate": "b"}}', '{"arms": {"serving": 1}}', "{"):
        (tmp_path / "live.json").write_text(wrong)
        with pytest.raises(StoreError, match=r"write \{"):
            read_live(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "live.json"]


def test_the_shipped_bundle_is_whole_small_and_trained(tmp_path: Path) -> None:
    store = default_store()
    live = read_live(store)
    bundle = load_bundle(store / live["serving"])
    assert sorted(path.name for path in store.iterdir()) == sorted(["live.json", bundle.hash])
    assert sum(file.stat().st_size for file in bundle.path.rglob("*") if file.is_file()) < 5_000_000
    encoder = bundle.config.encoder
    assert encoder == EncoderConfig(hash=encoder.hash, arithmetics=encoder.arithmetics)
    assert set(UNMEASURED) <= set(encoder.arithmetics)
    assert bundle.config.encoder.reference.startswith("package:")
    metrics = json.loads((bundle.path / "metrics.json").read_text())
    assert metrics["rating"]["rmse"] < 0.8 * metrics["rating"]["rmse_of_mean"]
    assert metrics["satisfaction"]["macro_f1"] > 1.5 * metrics["satisfaction"]["macro_f1_of_majority"]
    shutil.copytree(bundle.path, tmp_path / bundle.hash)
    assert load_bundle(tmp_path / bundle.hash).config == bundle.config

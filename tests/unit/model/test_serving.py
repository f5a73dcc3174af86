import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from contento.model import serving
from contento.model.arithmetic import ArithmeticUnavailable
from contento.model.bundle import Bundle, write_bundle
from contento.model.calibration import Calibration
from contento.model.config import BundleConfig, EncoderConfig, NetworkConfig
from contento.model.encoder import EncoderError, TextEncoder, encoder_directory, encoder_hash, new_adapter
from contento.model.network import Network
from contento.model.rows import empty_rows, join_inputs, select
from contento.model.serving import LiveBundles
from contento.model.store import read_live, write_live


@pytest.fixture(scope="module")
def bundles(random_store: Path) -> LiveBundles:
    return LiveBundles.open(random_store, device="cpu", arithmetic="float32")


def test_bundles_share_the_base_weights(bundles: LiveBundles) -> None:
    assert len(bundles._encoders) == 1
    (encoder,) = bundles._encoders.values()
    assert encoder.adapters == {bundles.arms["candidate"].config.encoder.hash}


def test_texts_of_two_arms_in_one_call(bundles: LiveBundles) -> None:
    mixed = bundles.encode(["a", "a", "b"], ["serving", "candidate", "nobody's"])
    assert np.linalg.norm(mixed.embedding, axis=1) == pytest.approx([1, 1, 1])
    assert not np.allclose(mixed.embedding[0], mixed.embedding[1], atol=1e-3)
    assert mixed.encoder[2] == bundles.arms["serving"].config.encoder.hash
    base = TextEncoder(EncoderConfig().reference).encode(["a"])
    np.testing.assert_allclose(mixed.embedding[0], base[0], atol=1e-5)


def test_text_of_another_encoder_or_not_finite_counts_as_missing(bundles: LiveBundles) -> None:
    rows = empty_rows(4, text_dimension=384)
    rows.text[:] = 0.1
    rows.present[:, 0] = True
    rows.present[:, 2] = True
    rows.encoder[:] = bundles.arms["serving"].config.encoder.hash
    rows.encoder[1] = "another"
    rows.text[2, 5] = np.nan
    asked = rows.present.copy()
    outputs = bundles.score(rows)
    assert (outputs.towers[:, 0] > 0).tolist() == [True, False, False, True]
    assert np.isfinite(outputs.rating).all()
    np.testing.assert_allclose(outputs.rating[1], outputs.rating[2], atol=1e-6)
    assert np.array_equal(rows.present, asked), "the caller's rows stay as they are"


def test_image_of_another_length_counts_as_missing(bundles: LiveBundles) -> None:
    rows = empty_rows(2, text_dimension=384)
    rows.present[:, 1] = True
    for width, used in ((8, True), (7, False)):
        outputs = bundles.score(replace(rows, image=np.ones((2, width), np.float32)))
        assert (outputs.towers[:, 1] > 0).all() == used


def test_rows_join_and_part(bundles: LiveBundles) -> None:
    plain = empty_rows(2, text_dimension=384)
    pictured = replace(empty_rows(3, text_dimension=384), image=np.ones((3, 8), np.float32))
    joined = join_inputs([plain, pictured])
    assert joined.image is not None
    assert joined.image.sum(1).tolist() == [0, 0, 8, 8, 8]
    assert len(select(joined, slice(1, 4)).arm) == 3
    assert join_inputs([plain, plain]).image is None


def test_the_number_of_torchs_threads_is_left_as_it_was(bundles: LiveBundles) -> None:
    before = torch.get_num_threads()
    bundles.score(empty_rows(1, text_dimension=384))
    assert torch.get_num_threads() == before


def test_another_encoder_than_the_trained_one_is_refused(
    random_store: Path, monkeypatch: pytest.MonkeyPatch, bundles: LiveBundles
) -> None:
    monkeypatch.setattr(serving, "encoder_hash", lambda *_: "other")
    with pytest.raises(EncoderError, match=r"was trained with the encoder .* install the version"):
        LiveBundles.open(random_store, device="cpu", score=False)


def test_a_store_with_one_bundle_answers_every_arm(random_store: Path, tmp_path: Path) -> None:
    serving_hash = read_live(random_store)["serving"]
    shutil.copytree(random_store / serving_hash, tmp_path / serving_hash)
    write_live(tmp_path, {"serving": serving_hash})
    alone = LiveBundles.open(tmp_path, device="cpu", encode=False)
    rows = replace(empty_rows(2, text_dimension=384), arm=np.array(["candidate", "serving"], np.object_))
    outputs = alone.score(rows)
    assert outputs.bundle.tolist() == [serving_hash] * 2
    assert outputs.outcome_names == ("click", "purchase")


def test_encoder_references_and_identities(tmp_path: Path) -> None:
    config = EncoderConfig()
    directory = encoder_directory(config.reference)
    assert encoder_directory(str(directory)) == directory
    assert encoder_hash(config) == encoder_hash(replace(config, reference=str(directory))), "the place is no identity"
    others = [replace(config, max_length=64), replace(config, pooling="first"), replace(config, layers=3)]
    assert len({encoder_hash(each) for each in (config, *others)}) == 4
    with pytest.raises(EncoderError, match="nothing-of-this-name is not installed: pip install"):
        encoder_directory("package:nothing-of-this-name")
    (tmp_path / "config.json").write_text(json.dumps({}))
    with pytest.raises(EncoderError, match="cannot be read"):
        TextEncoder(str(tmp_path))


def test_an_embedding_does_not_depend_on_its_batch_or_order() -> None:
    encoder = TextEncoder(EncoderConfig().reference)
    texts = ["short", "a much longer text " * 30, "", "middle sized text"]
    together = encoder.encode(texts)
    for row, text in enumerate(texts):
        np.testing.assert_allclose(encoder.encode([text])[0], together[row], atol=1e-5)
    first = encoder.encode(texts, pooling="first")
    assert not np.allclose(first, together, atol=1e-2)


def tiny_bundle(store: Path, encoder: EncoderConfig, adapter: Path | None = None, *, width: int) -> Bundle:
    config = replace(encoder, dimension=32, adapted=adapter is not None, hash=encoder_hash(encoder, adapter))
    network = Network(NetworkConfig(text_dimension=32, width=width))
    return write_bundle(
        store,
        config=BundleConfig(encoder=config, network=network.config),
        network=network,
        calibration=Calibration(),
        training={},
        metrics={},
        adapter=adapter,
    )


def test_arms_in_onnx_say_what_they_say_in_torch(tiny_encoder: Path, tmp_path: Path) -> None:
    encoder = EncoderConfig(reference=str(tiny_encoder))
    new_adapter(encoder, tmp_path / "adapter", seed=1)
    store = tmp_path / "store"
    plain, adapted = tiny_bundle(store, encoder, width=32), tiny_bundle(store, encoder, tmp_path / "adapter", width=64)
    write_live(store, {"serving": plain.hash, "candidate": adapted.hash})
    texts, arms = ["good sound", "bad", "good sound", "hate it"], ["serving", "candidate", "candidate", "serving"]
    answers = [
        LiveBundles.open(store, device="cpu", arithmetic=each, score=False).encode(texts, arms)
        for each in ("float32", "onnx")
    ]
    np.testing.assert_allclose(answers[1].embedding, answers[0].embedding, atol=1e-4)
    assert answers[1].encoder.tolist() == answers[0].encoder.tolist()
    assert not np.allclose(answers[1].embedding[0], answers[1].embedding[2], atol=1e-2)


def test_bundles_of_one_encoder_run_in_what_all_of_them_permit(tiny_encoder: Path, tmp_path: Path) -> None:
    fast = EncoderConfig(reference=str(tiny_encoder), arithmetics=("int8", "float32"))
    exact = replace(fast, arithmetics=("float32",))
    one, other = tiny_bundle(tmp_path, fast, width=32), tiny_bundle(tmp_path, exact, width=64)
    assert one.config.encoder.hash == other.config.encoder.hash
    for live, expected in (
        ({"serving": one.hash}, "int8"),
        ({"serving": one.hash, "candidate": other.hash}, "float32"),
    ):
        write_live(tmp_path, live)  # type: ignore[arg-type]
        bundles = LiveBundles.open(tmp_path, device="cpu", score=False, cache=tmp_path / "cache")
        assert {encoder.arithmetic for encoder in bundles._encoders.values()} == {expected}


def test_an_arithmetic_that_the_machine_cannot_do_is_refused(
    random_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "capabilities", dict)
    with pytest.raises(ArithmeticUnavailable, match="is bfloat16, but cpu here can do only"):
        LiveBundles.open(random_store, device="cpu", score=False, arithmetic="bfloat16")

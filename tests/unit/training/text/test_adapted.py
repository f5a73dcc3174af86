from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from tiny_encoders import write_tiny_encoder
from torch import Tensor

from contento.model.config import EncoderConfig
from contento.model.encoder import TextEncoder
from contento.model.encoder_torch import load_base
from contento.model.threads import one_thread
from contento.training.text import adapted
from contento.training.text.adapted import AdaptedEncoder
from contento.training.text.averaging import average_adapters
from contento.training.text.language import adapt_language
from contento.training.text.tokens import Tokens
from contento.training.text.tuning import TuneOptions

TEXTS = ("terrible service", "it is fine", "wonderful crew i love it really", "w1 w2 w3", "a", "never again")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():  # a second one would only wait
        yield


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> EncoderConfig:
    return EncoderConfig(
        reference=str(write_tiny_encoder(tmp_path_factory.mktemp("encoder"), layers=3)),
        dimension=32,
        max_length=16,
        adapted=True,
    )


def encoder_of(config: EncoderConfig, *, layers: int = 2, seed: int = 1, shift: float = 0.05) -> AdaptedEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = AdaptedEncoder(config, rank=2, layers=layers, dropout=0.0).eval()
        for each in encoder.parameters():
            if each.requires_grad:
                each.data += torch.randn(each.shape) * shift
    return encoder


def embeddings(encoder: AdaptedEncoder, tokens: Tokens) -> Tensor:
    with torch.no_grad():
        return encoder.embed(tokens, torch.arange(len(tokens.ids)))[0]


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_what_it_trains_is_what_is_served(config: EncoderConfig, layers: int, tmp_path: Path) -> None:
    encoder, tokens = encoder_of(config, layers=layers), Tokens.of(TEXTS, config)
    mine = embeddings(encoder, tokens)
    encoder.save(tmp_path / "adapter")
    served = TextEncoder(config.reference)
    bare = served.encode(TEXTS, max_length=16)
    served.add_adapter("mine", tmp_path / "adapter")
    theirs = served.encode(TEXTS, max_length=16, adapter="mine")
    assert np.abs(mine.numpy() - theirs).max() < 1e-5
    assert np.abs(bare - theirs).max() > 1e-3, "the adapter changes something"


def test_lower_layers_that_are_kept_change_nothing(config: EncoderConfig) -> None:
    encoder, tokens = encoder_of(config), Tokens.of(TEXTS, config)
    before = embeddings(encoder, tokens)
    seen: list[int] = []
    encoder.keep_lower(tokens, 4, seen.append)
    assert sum(seen) == len(TEXTS)
    lower = encoder._base[0].encoder.layer[0].attention.self.query.weight
    with torch.no_grad():
        lower += 1  # kept answers do not see this
    after = embeddings(encoder, tokens)
    assert (before - after).abs().max() < 2e-3, "float16 of the lower layers' answers"


def test_texts_beyond_the_room_run_through_the_lower_layers(
    config: EncoderConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapted, "KEPT_BYTES", 100)
    encoder, tokens = encoder_of(config), Tokens.of(TEXTS, config)
    before = embeddings(encoder, tokens)
    encoder.keep_lower(tokens, 4)
    assert torch.equal(before, embeddings(encoder, tokens))


def test_only_the_upper_layers_get_an_adapter(config: EncoderConfig, tmp_path: Path) -> None:
    encoder_of(config, layers=1).save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    names = load_file(tmp_path / "adapter_model.safetensors")
    assert names
    assert all(".layer.2." in name for name in names)


def test_the_mean_of_adapters_changes_each_weight_by_the_mean_change(config: EncoderConfig, tmp_path: Path) -> None:
    folders = []
    for seed in (1, 2, 3):
        encoder_of(config, seed=seed).save(tmp_path / str(seed))
        folders.append(tmp_path / str(seed))

    def change(folder: Path) -> Tensor:
        name = "encoder.layer.2.output.dense"
        base = load_base(Path(config.reference))
        before = base.get_submodule(name).weight.clone()
        merged = PeftModel.from_pretrained(base, str(folder)).merge_and_unload()
        difference: Tensor = merged.get_submodule(name).weight - before
        return difference

    mean = average_adapters(config, folders, tmp_path / "mean")
    expected = torch.stack([change(folder) for folder in folders]).mean(0)
    assert expected.abs().max() > 1e-3
    assert torch.allclose(change(mean), expected, atol=1e-6)
    assert average_adapters(config, folders[:1], tmp_path / "one") == folders[0]


def test_words_are_hidden_and_others_stay(config: EncoderConfig) -> None:
    tokens = Tokens.of(["it is fine " * 5] * 200, config)
    ids, mask = tokens.padded(torch.arange(200))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        hidden = tokens.hide(ids, 0.3)
    changed = hidden != ids
    assert (hidden[changed] == tokens.mask_id).all()
    assert not changed[:, 0].any(), "[CLS] is no word"
    assert changed[mask.bool()].float().mean().item() == pytest.approx(0.3, abs=0.06)


def test_a_pass_takes_every_text_once(config: EncoderConfig) -> None:
    tokens = Tokens.of([f"w{number % 7} " * (number % 13) for number in range(101)], config)
    steps = tokens.steps(8, 5, 0)
    assert sorted(torch.cat(steps).tolist()) == list(range(101))
    assert [step.tolist() for step in steps] == [step.tolist() for step in tokens.steps(8, 5, 0)]
    assert [step.tolist() for step in steps] != [step.tolist() for step in tokens.steps(8, 5, 1)]


def test_hidden_words_come_to_be_guessed(config: EncoderConfig, tmp_path: Path) -> None:
    encoder = encoder_of(config, layers=0, shift=0.0)
    texts = Tokens.of([f"i love the {('guitar', 'sound')[number % 2]} w{number % 2}" for number in range(160)], config)
    epochs = adapt_language(
        encoder,
        texts,
        texts,
        epochs=12,
        options=TuneOptions(batch=16, learning_rate=2e-2, patience=12),
        seed=0,
        checkpoint=tmp_path / "language",
        log=lambda _name, _value, _step: None,
        advance=lambda _done, _total: None,
    )
    assert epochs[-1].loss < 0.7 * epochs[0].loss

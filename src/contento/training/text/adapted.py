"""The encoder with a LoRA adapter on its upper layers, the lower ones run once per text."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import AutoConfig

from contento.model.config import EncoderConfig
from contento.model.encoder import ADAPTER_FILES, encoder_directory, pool
from contento.model.encoder_torch import layers_of, load_base
from contento.training.text.tokens import Tokens

ADAPTER_CONFIG: Final = "adapter_config.json"
KEPT_BYTES: Final = 2 << 30
"""Lower layers' answers that are kept; where all texts need more, they run through them again at every pass."""
_DROPOUTS: Final = (
    (("hidden_dropout_prob", "dropout"), None),
    (("attention_probs_dropout_prob", "attention_dropout"), 0.0),
)
"""Where encoders keep their dropouts. None on attention: to draw a number per pair of tokens costs a CPU more than
the attention itself."""


class AdaptedEncoder(nn.Module):
    """A pretrained encoder whose adapter can be trained.

    With adapters on the upper layers only, the lower ones never change: their answers are computed once per
    text and kept in float16, which halves the work of every later pass.

    Attributes:
        dimension: Length of an embedding.
        model: The encoder, in PEFT's wrapping.
    """

    def __init__(self, config: EncoderConfig, *, rank: int, layers: int, dropout: float, device: str = "cpu") -> None:
        """Load the base and give it an adapter that changes nothing yet, drawn from torch's generator.

        Args:
            config: The encoder.
            rank: Of the adapter's matrices.
            layers: Upper layers that get one; 0: all.
            dropout: Of the activations of the layers that are trained.
            device: As torch names it.

        Raises:
            EncoderError: The encoder cannot be found or read.
        """
        from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - takes a second

        super().__init__()
        directory = encoder_directory(config.reference)
        settings = AutoConfig.from_pretrained(directory, local_files_only=True)
        for names, value in _DROPOUTS:
            for name in names:
                if hasattr(settings, name):
                    setattr(settings, name, dropout if value is None else value)
        base = load_base(directory, layers=config.layers, config=settings)
        self._pooling = config.pooling
        self._base = (base, layers_of(base, directory))  # in a tuple: their parameters are those of `model`
        self.dimension: int = base.config.hidden_size
        self._every = list(layers_of(base, directory))
        self._first = max(len(self._every) - layers, 0) if layers else 0
        trained = {module for layer in self._every[self._first :] for module in layer.modules()}
        targets = [name for name, each in base.named_modules() if isinstance(each, nn.Linear) and each in trained]
        self.model: Any = get_peft_model(base, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets))
        self.to(device)
        self._kept: dict[Tokens, list[Tensor]] = {}

    def keep_lower(self, tokens: Tokens, batch: int, advance: Callable[[int], None] = lambda _: None) -> None:
        """Run the lower layers once per text, if their answers to all texts fit into `KEPT_BYTES`.

        Always in the same order, so that a run that goes on after a kill meets the same numbers.

        Args:
            tokens: The texts; the longest come first.
            batch: Texts in a pass.
            advance: Told how many more texts are done.
        """
        needed = 2 * self.dimension * sum(map(len, tokens.ids))
        kept = sum(each.nbytes for texts in self._kept.values() for each in texts)
        if not self._first or kept + needed > KEPT_BYTES:
            return
        order = sorted(range(len(tokens.ids)), key=lambda row: -len(tokens.ids[row]))
        found: dict[int, Tensor] = {}
        for rows in torch.split(torch.tensor(order), batch):
            ids, mask = tokens.padded(rows)
            lower = self._lower(ids.to(self.device), mask.to(self.device)).half().cpu()
            for place, row in enumerate(rows.tolist()):
                found[row] = lower[place, : len(tokens.ids[row])].clone()
            advance(len(rows))
        self._kept[tokens] = [found[row] for row in range(len(order))]

    def embed(self, tokens: Tokens, rows: Tensor, hidden: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the encoder makes of some texts.

        Args:
            tokens: The texts.
            rows: Which of them.
            hidden: Share of the words that are hidden.

        Returns:
            Unit-length embeddings `[N, dimension]`, the last layer's answers `[N, L, dimension]`, and which
            places `[N, L]` were hidden.
        """
        ids, mask = tokens.padded(rows)
        seen = tokens.hide(ids, hidden) if hidden else ids
        shown, mask = seen.to(self.device), mask.to(self.device)
        if not self._first:
            answer: Tensor = self.model(input_ids=shown, attention_mask=mask).last_hidden_state
        else:
            kept = None if hidden else self._kept.get(tokens)
            lower = self._lower(shown, mask) if kept is None else self._padded([kept[row] for row in rows.tolist()])
            answer = self._run(_Given(lower), self._every[self._first :], shown, mask)
        return pool(answer, mask, self._pooling), answer, seen != ids

    @property
    def device(self) -> torch.device:
        """Where it is."""
        device: torch.device = next(self.model.parameters()).device
        return device

    def weights(self) -> dict[str, Tensor]:
        """Return the adapter's weights by name."""
        return {name: each.detach().clone() for name, each in self.named_parameters() if each.requires_grad}

    def load_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Take over what `weights` returned."""
        with torch.no_grad():
            for name, each in self.named_parameters():
                if each.requires_grad:
                    each.copy_(weights[name])

    def save(self, out: Path) -> None:
        """Write the adapter in PEFT's format."""
        save_adapter(self.model, out)

    def _padded(self, states: Sequence[Tensor]) -> Tensor:
        return nn.utils.rnn.pad_sequence(list(states), batch_first=True).to(self.device).float()

    def _lower(self, ids: Tensor, mask: Tensor) -> Tensor:
        training = self.model.training
        self.model.eval()  # what is not trained is not dropped either: its answers stay the same
        with torch.no_grad():
            answer = self._run(None, self._every[: self._first], ids, mask)
        self.model.train(training)
        return answer

    def _run(self, embeddings: nn.Module | None, layers: list[nn.Module], ids: Tensor, mask: Tensor) -> Tensor:
        """Run some of the layers on what some embeddings say."""
        base, holder = self._base
        every = list(holder)
        del holder[:]
        holder.extend(layers)
        own = base.embeddings
        base.embeddings = embeddings or own
        try:
            answer: Tensor = base(input_ids=ids, attention_mask=mask).last_hidden_state
            return answer
        finally:
            del holder[:]
            holder.extend(every)
            base.embeddings = own


def save_adapter(model: Any, out: Path, name: str = "default") -> None:
    """Write one of a PEFT model's adapters; the same weights give the same bytes in every process.

    Args:
        model: The model.
        out: Directory; only the adapter's files will be in it.
        name: Of the adapter.
    """
    shutil.rmtree(out, ignore_errors=True)
    model.save_pretrained(str(out), selected_adapters=[name], safe_serialization=True)
    written = out if name == "default" else out / name
    for file in ADAPTER_FILES:
        (written / file).replace(out / file)
    config = json.loads((out / ADAPTER_CONFIG).read_bytes())
    config["target_modules"] = sorted(config["target_modules"])  # PEFT keeps a set, and writes it in any order
    config["base_model_name_or_path"] = None  # a path of this machine
    (out / ADAPTER_CONFIG).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    for path in out.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in ADAPTER_FILES:
            path.unlink()


class _Given(nn.Module):
    """Embeddings that are there already."""

    def __init__(self, states: Tensor) -> None:
        super().__init__()
        self._states = states

    def forward(self, *_arguments: Any, **_named: Any) -> Tensor:
        return self._states

"""Tiny random encoders, so that tests of the real machinery take a blink."""

from pathlib import Path
from typing import Any

_SENTENCES = (
    "the a good bad great broken sound string guitar is was not very love hate it terrible useless fine wonderful i "
    "really strap and or but service late flight crew kind rude refund item cheap again never"
)
WORDS = (*_SENTENCES.split(), *(f"w{number}" for number in range(40)))


def write_tiny_encoder(directory: Path, kind: str = "bert", *, layers: int = 2) -> Path:
    """Write an encoder of a few narrow layers and return its directory."""
    import torch  # noqa: PLC0415 - takes a second
    from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: PLC0415
    from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast  # noqa: PLC0415

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(directory)
    sizes: dict[str, Any] = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "max_position_embeddings": 160,
        "pad_token_id": 0,
    }
    sizes["hidden_dim" if kind == "distilbert" else "intermediate_size"] = 64
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = AutoModel.from_config(AutoConfig.for_model(kind, **sizes))  # type: ignore[no-untyped-call]
        for weight in model.parameters():
            if weight.dim() == 2:  # fresh weights are so small that every text looks alike
                torch.nn.init.normal_(weight, std=0.2)
        model.save_pretrained(directory)
    return directory

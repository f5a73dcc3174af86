"""A BERT of three narrow layers with random weights, made in a blink: any Hugging Face directory will do."""

from pathlib import Path

import torch
from transformers import BertConfig, BertModel, BertTokenizer

_SENTENCES = (
    "terrible broken useless it is fine wonderful i love really not a the guitar sound strap and or but very "
    "service late flight crew kind rude refund item good bad cheap again never"
)
WORDS = tuple(_SENTENCES.split())


def make_tiny_encoder(folder: Path, *, layers: int = 3, width: int = 32, seed: int = 0) -> str:
    """Write the encoder into a folder and return its reference."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *(f"w{number}" for number in range(40))]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(str(folder))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertModel(  # type: ignore[no-untyped-call]
            BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=width,
                num_hidden_layers=layers,
                num_attention_heads=2,
                intermediate_size=2 * width,
                max_position_embeddings=64,
            )
        )
    model.save_pretrained(str(folder))
    return str(folder)

"""A bundle whose rating hangs on one word."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from contento.model.bundle import Bundle, write_bundle
from contento.model.calibration import Calibration
from contento.model.config import BundleConfig, EncoderConfig, NetworkConfig
from contento.model.encoder import TextEncoder, encoder_hash
from contento.model.network import Network, NetworkInputs
from contento.model.rows import empty_rows
from contento.model.serving import network_inputs

PLANTED: Final = "awful"
_OTHERS: Final = ("the", "lamp", "chair", "delivery", "table", "colour", "cable", "shop", "shelf", "arrived", "green")


def texts(count: int, seed: int) -> list[str]:
    """Return texts of eight words; every second one holds the planted word."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        words = rng.choice(_OTHERS, 8).tolist()
        if number % 2:
            words[int(rng.integers(8))] = PLANTED
        made.append(" ".join(words))
    return made


def planted_bundle(store: Path) -> Bundle:
    """Write and return a bundle that gives one star where the planted word is, else five."""
    encoder = EncoderConfig(hash=encoder_hash(EncoderConfig()))
    config = BundleConfig(encoder=encoder, network=NetworkConfig(dropout=0.0))
    told = texts(96, seed=1)
    rows = empty_rows(len(told), text_dimension=encoder.dimension)
    rows.encoder[:] = encoder.hash
    rows.present[:, 0] = True
    rows = replace(rows, text=TextEncoder(encoder.reference).encode(told))
    inputs: NetworkInputs = network_inputs(config, rows, np.arange(len(told)), "cpu")
    truth = torch.tensor([4, 0] * (len(told) // 2))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Network(config.network)
        optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
        for _ in range(40):
            loss = torch.nn.functional.cross_entropy(network(inputs).rating, truth)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
    return write_bundle(store, config=config, network=network, calibration=Calibration(), training={}, metrics={})

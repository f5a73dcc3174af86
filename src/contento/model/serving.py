"""The live bundles of a store, ready to encode and score: what Triton and the in-process twin both run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray

from contento.model.arithmetic import ArithmeticSetting, capabilities, choose
from contento.model.bundle import Bundle, load_bundle
from contento.model.config import BundleConfig
from contento.model.encoder import EncoderError, TextEncoder, encoder_hash
from contento.model.interface import (
    HISTORY_LENGTH,
    RATINGS,
    SATISFACTION,
    TOWERS,
    Arm,
    EncoderOutputs,
    ScorerInputs,
    ScorerOutputs,
)
from contento.model.network import NetworkInputs
from contento.model.rows import check_rows, empty_rows
from contento.model.store import read_live
from contento.model.threads import one_thread

_TEXT: Final = TOWERS.index("text")
_IMAGE: Final = TOWERS.index("image")


class LiveBundles:
    """Every live bundle of a store, in memory. Used by one thread at a time.

    Bundles whose encoders have the same base, layers and arithmetic share its weights, but in ONNX
    Runtime, where each adapter has a graph of its own.
    """

    def __init__(
        self,
        arms: dict[Arm, Bundle],
        *,
        device: str,
        encode: bool,
        score: bool,
        arithmetic: ArithmeticSetting = "auto",
        cache: Path | None = None,
    ) -> None:
        """Load the bundles of the arms; see `open` for the rest."""
        self.arms = arms
        self.device = device
        self._asked = arithmetic
        self._cache = cache
        self._machine = capabilities() if encode else {}
        bundles = {bundle.hash: bundle for bundle in arms.values()}
        self._networks = {name: bundle.network(device) for name, bundle in bundles.items()} if score else {}
        self._encoders: dict[tuple[str, int, str], TextEncoder] = {}
        self._encoder_of: dict[str, TextEncoder] = {}
        for bundle in bundles.values() if encode else ():
            self._add_encoder(bundle)

    @classmethod
    def open(
        cls,
        store: Path,
        *,
        device: str = "auto",
        encode: bool = True,
        score: bool = True,
        arithmetic: ArithmeticSetting = "auto",
        cache: Path | None = None,
    ) -> Self:
        """Verify, load and warm the live bundles of a store.

        Args:
            store: The bundle store.
            device: As torch names it, e.g. `cpu` or `cuda:0`; `auto` takes the GPU where there is one.
            encode: Whether `encode` will be called; costs the base weights.
            score: Whether `score` will be called.
            arithmetic: Of the encoders; `auto`: for each bundle the fastest that it permits and this machine can do.
            cache: Directory where ONNX graphs are kept between starts; `None`: each start makes its own.

        Raises:
            ArithmeticUnavailable: The machine cannot do what is asked for, or nothing that a bundle permits.
            StoreError: `live.json` is missing or wrong.
            BundleError: A bundle is damaged.
            ConfigError: A bundle is of another version.
            EncoderError: A bundle's encoder is not there, or not the one it was trained with.
        """
        chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        live = read_live(store)
        loaded = {name: load_bundle(store / name) for name in set(live.values())}
        bundles = cls(
            {arm: loaded[name] for arm, name in live.items()},
            device=chosen,
            encode=encode,
            score=score,
            arithmetic=arithmetic,
            cache=cache,
        )
        bundles.warm_up()
        return bundles

    def bundle_of(self, arm: str) -> Bundle:
        """Return the bundle that answers an arm; one without a bundle is answered by `serving`."""
        return self.arms.get(cast("Arm", arm)) or self.arms["serving"]

    def warm_up(self) -> None:
        """Run every bundle once, so that the first request pays for no allocation or kernel choice."""
        for arm in self.arms:
            if self._encoders:
                self.encode(["warm", "up " * 200], [arm, arm])
            if self._networks:
                for rows in (1, 64):
                    self.score(empty_rows(rows, text_dimension=self.arms[arm].config.network.text_dimension, arm=arm))

    def encode(self, texts: Sequence[str], arms: Sequence[str]) -> EncoderOutputs:
        """Embed texts, each with the encoder of its arm's bundle.

        Embeddings of a bundle whose dimension is below the widest live one are filled up with zeros.
        """
        bundles = [self.bundle_of(arm) for arm in arms]
        width = max(bundle.config.encoder.dimension for bundle in self.arms.values())
        embedding = np.zeros((len(texts), width), np.float32)
        hashes = np.array([bundle.config.encoder.hash for bundle in bundles], np.object_)
        for name in set(hashes.tolist()):
            rows = np.flatnonzero(hashes == name)
            bundle = bundles[rows[0]]
            encoder = bundle.config.encoder
            values = self._encoder_of[name].encode(
                [texts[row] for row in rows.tolist()],
                max_length=encoder.max_length,
                pooling=encoder.pooling,
                adapter=name if encoder.adapted else "",
            )
            embedding[rows, : values.shape[1]] = values
        return EncoderOutputs(embedding=embedding, encoder=hashes)

    def score(self, inputs: ScorerInputs) -> ScorerOutputs:
        """Score rows, each with its arm's bundle.

        A text embedding of another encoder than the bundle's counts as missing, and so does an
        embedding that is not finite. The probability of an outcome that a row's bundle does not
        predict is NaN.

        Raises:
            RowsError: An array does not have the interface's shape.
        """
        check_rows(inputs)
        count = len(inputs.arm)
        bundles = [self.bundle_of(arm) for arm in inputs.arm]
        names = np.array([bundle.hash for bundle in bundles], np.object_)
        networks = [bundle.config.network for bundle in self.arms.values()]
        outcome_names = tuple(dict.fromkeys(name for network in networks for name in network.outcome_names))
        out = ScorerOutputs(
            rating=np.zeros((count, len(RATINGS)), np.float32),
            interval=np.zeros((count, 2), np.float32),
            coverage=np.zeros(count, np.float32),
            satisfaction=np.zeros((count, len(SATISFACTION)), np.float32),
            outcomes=np.full((count, len(outcome_names)), np.nan, np.float32),
            outcome_names=outcome_names,
            towers=np.zeros((count, len(TOWERS)), np.float32),
            events=np.zeros((count, HISTORY_LENGTH), np.float32),
            user=np.zeros((count, max(network.user_dimension for network in networks)), np.float32),
            bundle=names,
            encoder=np.array([bundle.config.encoder.hash for bundle in bundles], np.object_),
        )
        with one_thread():
            for name in set(names.tolist()):
                rows = np.flatnonzero(names == name)
                self._score_rows(bundles[rows[0]], inputs, rows, out)
        return out

    @torch.inference_mode()
    def _score_rows(self, bundle: Bundle, inputs: ScorerInputs, rows: NDArray[np.intp], out: ScorerOutputs) -> None:
        sizes = bundle.config.network
        answer = self._networks[bundle.hash](network_inputs(bundle.config, inputs, rows, self.device))
        out.rating[rows] = rating = answer.rating.softmax(-1).cpu().numpy()
        out.interval[rows] = bundle.calibration.interval(rating)
        out.coverage[rows] = bundle.calibration.coverage
        out.satisfaction[rows] = answer.satisfaction.softmax(-1).cpu().numpy()
        columns = np.array([out.outcome_names.index(name) for name in sizes.outcome_names], np.intp)
        out.outcomes[np.ix_(rows, columns)] = answer.outcomes.sigmoid().cpu().numpy()
        out.towers[rows] = answer.towers.cpu().numpy()
        out.events[rows] = answer.events.cpu().numpy()
        out.user[rows, : sizes.user_dimension] = answer.user.cpu().numpy()

    def _add_encoder(self, bundle: Bundle) -> None:
        check_encoder(bundle)
        config = bundle.config.encoder
        # Bundles of one encoder hash share cached embeddings, so each of them must permit the arithmetic.
        sharing = [each.config.encoder for each in self.arms.values() if each.config.encoder.hash == config.hash]
        permitted = [each for each in config.arithmetics if all(each in other.arithmetics for other in sharing)]
        arithmetic = choose(permitted, device=self.device, machine=self._machine, asked=self._asked)
        key = (config.reference, config.layers, arithmetic)
        if key not in self._encoders:
            self._encoders[key] = TextEncoder(
                config.reference,
                layers=config.layers,
                arithmetic=arithmetic,
                device=self.device,
                cache=self._cache,
            )
        self._encoder_of[config.hash] = encoder = self._encoders[key]
        if bundle.adapter:
            encoder.add_adapter(config.hash, bundle.adapter)


def check_encoder(bundle: Bundle) -> None:
    """Raise `EncoderError` unless the encoder here is the one that a bundle was trained with."""
    config = bundle.config.encoder
    found = encoder_hash(config, bundle.adapter)
    if found != config.hash:
        raise EncoderError(
            f"bundle {bundle.hash} was trained with the encoder {config.hash}, but {config.reference} here is "
            f"{found}: install the version of {config.reference} it was trained with, or train again with "
            "`contento train`"
        )


def network_inputs(config: BundleConfig, inputs: ScorerInputs, rows: NDArray[np.intp], device: str) -> NetworkInputs:
    """Return some rows as a bundle's network takes them, on a device.

    A text embedding of another encoder, an image of another length, and either where it is not finite
    count as missing.
    """
    sizes = config.network
    present = inputs.present[rows]
    text = _fitting(inputs.text[rows], sizes.text_dimension)
    present[:, _TEXT] &= (inputs.encoder[rows] == config.encoder.hash) & np.isfinite(text).all(1)
    image = np.zeros((len(rows), 0), np.float32) if inputs.image is None else inputs.image[rows]
    present[:, _IMAGE] &= (image.shape[1] == sizes.image_dimension > 0) & np.isfinite(image).all(1)
    image = _fitting(image, sizes.image_dimension)
    text[~present[:, _TEXT]] = 0
    image[~present[:, _IMAGE]] = 0
    arrays = (
        text,
        image,
        inputs.history_ids[rows],
        inputs.history_values[rows],
        inputs.history_mask[rows],
        inputs.factors[rows],
        present,
    )
    return NetworkInputs(*(torch.from_numpy(array).to(device) for array in arrays))


def _fitting(array: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return a copy `[N, width]`, cut or filled up with zeros."""
    fitted = np.zeros((len(array), width), np.float32)
    shared = min(width, array.shape[1])
    fitted[:, :shared] = array[:, :shared]
    return fitted

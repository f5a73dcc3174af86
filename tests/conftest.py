"""Servers for tests, started once a session: `embedded_stack`, `kafka_stack`, and `stack`, which is each in turn."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_encoders import write_tiny_encoder

from contento.local.stack import Stack, StackOptions
from contento.local.topics import create_topics_now

SHARED = Path(__file__).resolve().parents[2] / "shared"
"""Beside the repository: real data sets, a real Kafka, tools. Tests that need them skip where they are absent."""


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nothing is kept in the home of who runs the tests."""
    with pytest.MonkeyPatch.context() as environment:
        cache = tmp_path_factory.mktemp("cache")
        environment.setenv("CONTENTO_CACHE", str(cache))
        yield cache


@pytest.fixture(scope="session")
def embedded_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The embedded broker and Redis."""
    with Stack(StackOptions(directory=tmp_path_factory.mktemp("embedded"), inference="in-process")) as stack:
        yield stack


@pytest.fixture(scope="session")
def kafka_home() -> Path:
    """An unpacked release of Apache Kafka."""
    home = SHARED / "kafka"
    if not (home / "libs").is_dir():
        pytest.skip("no Apache Kafka release in ../shared/kafka")
    if shutil.which("java") is None:
        pytest.skip("no Java for Apache Kafka")
    return home


@pytest.fixture(scope="session")
def kafka_stack(tmp_path_factory: pytest.TempPathFactory, kafka_home: Path) -> Iterator[Stack]:
    """A real Apache Kafka and Redis."""
    options = StackOptions(directory=tmp_path_factory.mktemp("kafka"), kafka_home=kafka_home, inference="in-process")
    with Stack(options) as stack:
        yield stack


@pytest.fixture(
    params=[pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("kafka", marks=pytest.mark.kafka)]
)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each of the two stacks: the test runs on both."""
    started: Stack = request.getfixturevalue(f"{request.param}_stack")
    return started


@pytest.fixture
def prefix(stack: Stack) -> str:
    """A prefix of this test's own, for topics, which are there, and for Redis keys."""
    made = f"test-{uuid.uuid4().hex[:8]}"
    create_topics_now(stack.kafka, prefix=made)
    return made


@pytest.fixture(scope="session")
def random_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle store with two untrained bundles of unlike sizes and outcomes: `serving` and `candidate`.

    Their encoder is the default one, and the candidate's carries a LoRA adapter.
    """
    import torch  # noqa: PLC0415 - takes seconds, and most tests need none of this

    from contento.model.bundle import write_bundle  # noqa: PLC0415
    from contento.model.calibration import Calibration  # noqa: PLC0415
    from contento.model.config import BundleConfig, EncoderConfig, NetworkConfig  # noqa: PLC0415
    from contento.model.encoder import encoder_hash, new_adapter  # noqa: PLC0415
    from contento.model.network import Network  # noqa: PLC0415
    from contento.model.store import write_live  # noqa: PLC0415

    store = tmp_path_factory.mktemp("bundles")
    adapter = tmp_path_factory.mktemp("adapter")
    new_adapter(EncoderConfig(), adapter, seed=3)
    written = []
    for seed, outcomes, image, lora in ((1, ("click", "purchase"), 8, None), (2, ("purchase", "return"), 0, adapter)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Network(NetworkConfig(outcome_names=outcomes, image_dimension=image, user_dimension=16 * seed))
        config = BundleConfig(
            encoder=EncoderConfig(adapted=lora is not None, hash=encoder_hash(EncoderConfig(), lora)),
            network=network.config,
            image_encoder="eyes" if image else "",
        )
        calibration = Calibration(coverage=0.8, width=1.5, samples=100)
        bundle = write_bundle(
            store, config=config, network=network, calibration=calibration, training={}, metrics={}, adapter=lora
        )
        written.append(bundle.hash)
    write_live(store, {"serving": written[0], "candidate": written[1]})
    return store


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights."""
    return write_tiny_encoder(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="session", params=["bert", "roberta", "distilbert"])
def tiny_encoder_of_each_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers with random weights, of each family whose layers are found."""
    return write_tiny_encoder(tmp_path_factory.mktemp(request.param), request.param)

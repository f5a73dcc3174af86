"""Starting the embedded stack, a scorer and a learner, as `up` and `demo` do it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from contento.cli.topics import kafka_connection
from contento.local.learner_process import add_learner
from contento.local.redis_server import without_password
from contento.local.scorer_process import add_scorer
from contento.local.stack import InferenceChoice, Part, Stack, StackOptions
from contento.local.triton_environment import find_environment, why_no_triton
from contento.scoring.settings import ScorerSettings

KafkaOption = Annotated[str | None, typer.Option(help="Bootstrap servers of a broker that runs already.")]
RedisOption = Annotated[str | None, typer.Option(help="URL of a Redis that runs already.")]
TritonOption = Annotated[str | None, typer.Option(help="host:port of the gRPC endpoint of a Triton that runs already.")]
KafkaHomeOption = Annotated[
    Path | None,
    typer.Option(envvar="KAFKA_HOME", help="Unpacked release of Apache Kafka 4 to start: durable; needs Java 17."),
]
InferenceOption = Annotated[
    InferenceChoice, typer.Option(help="Where the model runs; auto: in Triton where this platform has it.")
]
BundlesOption = Annotated[Path | None, typer.Option(help="Bundle store [default: the package's trained bundle].")]


@contextmanager
def started(
    console: Console,
    *,
    directory: Path,
    kafka: str | None,
    redis: str | None,
    triton: str | None,
    kafka_home: Path | None,
    inference: InferenceChoice,
    bundles: Path | None,
    topic_prefix: str = "contento",
) -> Iterator[Stack]:
    """Run a stack and a scorer, telling of each part as it is ready; SIGTERM and SIGHUP end it as Ctrl-C does."""
    settings = ScorerSettings()
    options = StackOptions(
        directory=directory,
        kafka=kafka,
        kafka_connection=kafka_connection(settings) if kafka else {},
        redis=redis,
        triton=triton,
        kafka_home=kafka_home,
        java_home=os.environ.get("JAVA_HOME"),
        inference=inference,
        bundles=bundles,
        encoder_arithmetic=settings.encoder_arithmetic,
        cache=settings.cache,
        topic_prefix=topic_prefix,
    )
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    began = time.monotonic()
    if triton is None and inference != "in-process" and why_no_triton() is None and find_environment() is None:
        console.print("Installing Triton's own environment (75 MB, once) …")
    console.print(f"Starting in {directory.absolute()} …", highlight=False)

    def show(part: Part) -> None:
        where = escape(without_password(part.address))
        seconds = time.monotonic() - began
        console.print(
            f"  [green]✓[/] {part.name:<7} {escape(part.what)}  [dim]{where}  {seconds:.1f} s[/]", highlight=False
        )

    with Stack(options, on_ready=show) as stack:
        if stack.triton is None:
            console.print(f"  [yellow]•[/] the model runs in the scorer's process: {escape(stack.why_in_process)}")
        add_scorer(stack)
        add_learner(stack)
        yield stack


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt

"""`contento topics`: the registry's topics on a broker."""

import asyncio
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from contento.cli.connection import find_settings
from contento.local.topics import TopicState, create_topics, list_topics
from contento.scoring.settings import ScorerSettings

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="The topics of the registry.")

Kafka = Annotated[
    str, typer.Option("--kafka", help="Bootstrap servers; otherwise CONTENTO_KAFKA, or the stack in .contento.")
]
Prefix = Annotated[str, typer.Option("--prefix", help="First part of the names; otherwise CONTENTO_TOPIC_PREFIX.")]


@app.command()
def create(
    kafka: Kafka = "",
    prefix: Prefix = "",
    replication_factor: Annotated[int, typer.Option(min=1, help="Copies of each new topic: 3 in production.")] = 1,
) -> None:
    """Create the topics that are missing. One that exists and differs is named and left as it is: exit status 1."""
    address, asked, connection = _target(kafka, prefix)
    states = asyncio.run(
        create_topics(address, prefix=asked, replication_factor=replication_factor, connection=connection)
    )
    _show(states)
    if any(state.state == "differs" for state in states):
        raise typer.Exit(1)


@app.command("list")
def list_them(kafka: Kafka = "", prefix: Prefix = "") -> None:
    """Compare the broker's topics with the registry. Exit status 1 when one is missing or differs."""
    address, asked, connection = _target(kafka, prefix)
    states = asyncio.run(list_topics(address, prefix=asked, connection=connection))
    _show(states)
    if any(state.state != "exists" for state in states):
        raise typer.Exit(1)


def kafka_connection(settings: ScorerSettings) -> dict[str, Any]:
    """Return what an aiokafka client needs besides the address: credentials and TLS, where they are set."""
    if not settings.kafka_username and not settings.kafka_tls:
        return {}
    from contento.scoring.kafka_client import kafka_client

    return kafka_client(settings)


def _target(kafka: str, prefix: str) -> tuple[str, str, dict[str, Any]]:
    settings = find_settings(None)
    return kafka or settings.kafka, prefix or settings.topic_prefix, kafka_connection(settings)


def _show(states: tuple[TopicState, ...]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("topic", "partitions", "state", "about"):
        table.add_column(column, overflow="fold")
    colours = {"created": "green", "exists": "green", "differs": "red", "missing": "yellow"}
    for state in states:
        said = "; ".join((state.state, *state.differences))
        colour = colours[state.state]
        table.add_row(state.name, str(state.topic.partitions), f"[{colour}]{said}[/]", state.topic.about)
    Console().print(table)
    if any(state.state == "differs" for state in states):
        Console(stderr=True).print(
            "Topics that differ were left as they are: change them with Kafka's own tools "
            "(kafka-topics.sh --alter, kafka-configs.sh --alter), or choose another --prefix."
        )

"""`contento feed`: a data set or a recorded log into Kafka."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contento.cli.connection import DirectoryOption, find_settings
from contento.contracts.messages import Feedback, UserEvent
from contento.eventlog.feed import Fed, Feeder
from contento.training.readers import open_source
from contento.training.records import Source, limited


def feed(
    data: Annotated[str, typer.Option(metavar="KIND:PATH", help="Data set to feed, e.g. rees46:events.csv.gz.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Feed only this many events.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Events a second [default: as fast as Kafka].")] = None,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers [default: CONTENTO_KAFKA].")] = None,
    directory: DirectoryOption = None,
) -> None:
    """Feed a data set into Kafka, in time order."""
    settings = find_settings(directory)
    source = open_source(data)
    fed = asyncio.run(_feed(source, kafka or settings.kafka, settings.topic_prefix, limit, rate))
    Console().print(f"fed {fed.events:,} events, {fed.feedback:,} feedback and {fed.items:,} items")


async def _feed(source: Source, kafka: str, prefix: str, limit: int | None, rate: float | None) -> Fed:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, disable=not Console().is_terminal) as progress:
        async with Feeder(kafka, prefix) as feeder:
            await feeder.items(source.items())
            total = min(source.size, limit) if source.size and limit else limit or source.size
            task = progress.add_task("events", total=total)

            def counted() -> Iterator[UserEvent | Feedback]:
                for record in limited(source, limit):
                    if isinstance(record, UserEvent):
                        progress.advance(task)
                    yield record

            await feeder.records(counted(), per_second=rate)
        return feeder.fed

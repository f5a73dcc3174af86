"""`contento mask`: write a log whose texts hold no personal data that can be found by its form."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from contento.contracts.messages import Feedback, UserEvent
from contento.eventlog.writing import LogWriter
from contento.privacy.kinds import Kind
from contento.privacy.pseudonyms import Pseudonyms
from contento.training.records import Source


class PseudonymSettings(BaseSettings):
    """What pseudonyms are made with: the field's name in capitals, after `CONTENTO_`."""

    model_config = SettingsConfigDict(env_prefix="CONTENTO_", env_ignore_empty=True)

    pseudonym_key: SecretStr = SecretStr("")
    """A secret of 16 characters or more; the same key gives the same pseudonyms."""


def mask(
    data: Annotated[str, typer.Option("--data", help="Data to mask, KIND:PATH, e.g. log:FILE.")],
    out: Annotated[Path, typer.Option("--out", help="The log to write; .gz and .zst are compressed.")],
    keep_handle: Annotated[
        list[str] | None,
        typer.Option("--keep-handle", help="A name that stays, e.g. the brand's own; repeat for more."),
    ] = None,
    phone_region: Annotated[
        list[str] | None,
        typer.Option(
            "--phone-region", help="A country whose national phone numbers are masked; repeat.  [default: US GB DE FR]"
        ),
    ] = None,
    *,
    pseudonymise_ids: Annotated[
        bool, typer.Option("--pseudonymise-ids", help="Replace users' ids, with the key in CONTENTO_PSEUDONYM_KEY.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the counts as one JSON object, on the last line.")
    ] = False,
) -> None:
    """Write an event log with personal data in its texts masked.

    Read it with --data log:FILE.
    """
    from contento.privacy.personal_data import PersonalData
    from contento.privacy.rules import PHONE_REGIONS
    from contento.privacy.source import masked_source
    from contento.training.readers import open_source

    start = perf_counter()
    counts: Counter[Kind] = Counter()
    texts = {"read": 0, "changed": 0}

    def report(found: Mapping[Kind, int]) -> None:
        texts["read"] += 1
        texts["changed"] += bool(found)
        counts.update(found)

    source = masked_source(
        open_source(data),
        PersonalData(keep_handles=keep_handle or (), phone_regions=phone_region or PHONE_REGIONS),
        pseudonyms=Pseudonyms(PseudonymSettings().pseudonym_key) if pseudonymise_ids else None,
        report=report,
    )
    with LogWriter(out) as log:
        for item in source.items():
            log.append(item)
        for record in _with_progress(source):
            log.append(record)
        records = log.records
    console = Console(stderr=as_json)
    console.print(_table(counts))
    console.print(f"{texts['changed']} of {texts['read']} texts changed; {records} records in {out}", soft_wrap=True)
    if as_json:
        content = {"data": data, "out": str(out), "records": records, "texts": texts["read"]}
        content |= {"changed": texts["changed"], "masked": dict(counts.most_common())}
        typer.echo(json.dumps(content | {"seconds": round(perf_counter() - start, 3)}))


def _with_progress(source: Source) -> Iterator[UserEvent | Feedback]:
    columns = (TextColumn("masking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=source.size)
        for record in source.records():
            yield record
            progress.advance(task, isinstance(record, UserEvent))


def _table(counts: Counter[Kind]) -> Table:
    table = Table(title="Masked", title_justify="left")
    table.add_column("kind")
    table.add_column("number", justify="right")
    for kind, number in counts.most_common():
        table.add_row(kind, str(number))
    table.add_row("all", str(counts.total()), style="bold")
    return table

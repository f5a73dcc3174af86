"""Opening a data set by its specification."""

from collections.abc import Callable, Mapping
from typing import Final

from contento.simulate.source import SimulatedSource
from contento.training.data_error import DataError
from contento.training.readers.columns import ColumnsSource
from contento.training.readers.log import LogSource
from contento.training.readers.movielens import MovieLens100KSource, MovieLensSource
from contento.training.readers.rees46 import Rees46Source
from contento.training.readers.specification import Specification, parse
from contento.training.records import Source

KINDS: Final[Mapping[str, Callable[[Specification], Source]]] = {
    "csv": ColumnsSource,
    "jsonl": ColumnsSource,
    "log": LogSource,
    "movielens": MovieLensSource,
    "movielens-100k": MovieLens100KSource,
    "rees46": Rees46Source,
    "simulated": lambda specification: SimulatedSource(specification.text, specification.path, specification.options),
}


def open_source(spec: str) -> Source:
    """Open the data set of a specification `KIND:PATH[?options]`.

    | kind | path | options |
    |---|---|---|
    | `movielens-100k` | folder with u.data, u.item, u.user | none |
    | `movielens` | folder with ratings.csv, movies.csv | none |
    | `rees46` | CSV file | none |
    | `log` | Contento's own event log | none |
    | `simulated` | name of a scenario | see `contento.simulate.scenarios` |
    | `csv`, `jsonl` | file | the columns, see `contento.training.readers.columns` |

    Files may be plain, gzip or zstd, whatever their name. A small file is checked on opening, as
    far as its times; the rest of each row is checked when it is read.

    Raises:
        DataError: The specification or the file is wrong; says where, what was expected, what was found.
    """
    specification = parse(spec)
    opener = KINDS.get(specification.kind)
    if opener is None:
        raise DataError(
            path=spec,
            line=None,
            field="kind",
            expected=f"one of {', '.join(sorted(KINDS))}",
            found=repr(specification.kind),
        )
    return opener(specification)

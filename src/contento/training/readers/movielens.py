"""The MovieLens data sets of GroupLens: the classic 100K, and the newer CSV form of any size."""

import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from contento.contracts.messages import Feedback, Item, UserEvent
from contento.eventlog.lines import read_lines
from contento.training.data_error import DataError
from contento.training.readers.fields import WrongField, rating, time_ns, whole_number
from contento.training.readers.ratings import RatingColumns
from contento.training.readers.specification import Specification
from contento.training.readers.tables import read_csv

_YEAR: Final = re.compile(r"\((\d{4})\)\s*$")
RIVER_ORDER: Final = "river_order.csv.gz"
GENRES: Final = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
_AGES: Final = (18, 25, 35, 45, 50, 56)
_AGE_BANDS: Final = ("under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56 and over")
"""The bands that GroupLens uses in MovieLens 1M."""


class _Folder(ABC):
    """A folder of ratings that are sorted in memory.

    Attributes:
        name: The specification.
        size: Number of ratings.
    """

    prefix: str

    def __init__(self, specification: Specification) -> None:
        """Read the folder.

        Raises:
            DataError: There is an option, a file is missing or one is wrong.
        """
        specification.allow(())
        self.name = specification.text
        self._folder = Path(specification.path)
        if not self._folder.is_dir():
            raise DataError(path=str(self._folder), line=None, field="folder", expected="a folder", found="none")
        self._items: dict[int, Item] = {}
        self._attributes: dict[int, dict[str, str]] = {}
        self._ratings = RatingColumns()
        self._read()
        self.size: int | None = len(self._ratings)
        if not self.size:
            raise DataError(path=str(self._folder), line=None, field="ratings", expected="at least one", found="none")

    @abstractmethod
    def _read(self) -> None: ...

    def items(self) -> Iterator[Item]:
        """Yield the films with titles and genres, in the order of their file."""
        return iter(self._items.values())

    def records(self) -> Iterator[UserEvent | Feedback]:
        """Yield each rating's event and then the rating, in time order."""
        return self._ratings.records(self.prefix, self._items, self._attributes)

    def _add_ratings(self, name: str, rows: Iterator[tuple[int, Sequence[str]]], lowest: float = 1.0) -> None:
        path = self._folder / name
        for line, (user, item, stars, moment) in rows:
            try:
                self._ratings.append(
                    user=whole_number(user, "user"),
                    item=whole_number(item, "item"),
                    rating=rating(stars, "rating", lowest),
                    time_ns=time_ns(moment, "timestamp"),
                    line=line,
                )
            except WrongField as wrong:
                raise _data_error(path, line, wrong) from wrong


class MovieLens100KSource(_Folder):
    """MovieLens 100K: `u.data`, `u.item`, `u.user`, and `river_order.csv.gz` where the folder has it.

    The order is that of `river_order.csv.gz` (tab separated, times in ns), else that of `u.data`
    by time, user and item: many ratings share a second, so a figure on these data states its order.
    The times of `river_order.csv.gz` are an hour or two ahead of those of `u.data`, which are UTC.
    Event ids are `movielens-100k-n`, n the line in the file that gives the order. The attribute
    `segment` is the age band of the user; the attribute `year` of a film is that of its release.
    """

    prefix = "movielens-100k"

    def _read(self) -> None:
        self._read_items()
        self._read_users()
        if (self._folder / RIVER_ORDER).exists():
            path = self._folder / RIVER_ORDER
            self._add_ratings(RIVER_ORDER, read_csv(path, ("user", "item", "rating", "timestamp"), "\t"))
        else:
            self._add_ratings("u.data", _cells(self._folder / "u.data", 4, "\t"))
            self._ratings.sort()

    def _read_items(self) -> None:
        path = self._folder / "u.item"
        for line, cells in _cells(path, 5 + len(GENRES), "|", "latin-1"):
            try:
                item = whole_number(cells[0], "item")
            except WrongField as wrong:
                raise _data_error(path, line, wrong) from wrong
            genres = [
                genre for genre, flag in zip(GENRES, cells[5:], strict=True) if flag == "1" and genre != "unknown"
            ]
            self._items[item] = Item(item_id=cells[0], title=cells[1], categories=genres, attributes=_year(cells[1]))

    def _read_users(self) -> None:
        path = self._folder / "u.user"
        for line, (user, age, gender, occupation, _) in _cells(path, 5, "|"):
            try:
                band = _AGE_BANDS[bisect_right(_AGES, whole_number(age, "age"))]
                self._attributes[whole_number(user, "user")] = {
                    "segment": f"age {band}",
                    "gender": gender,
                    "occupation": occupation,
                }
            except WrongField as wrong:
                raise _data_error(path, line, wrong) from wrong


class MovieLensSource(_Folder):
    """The newer MovieLens form, of any size: `ratings.csv` and `movies.csv`, sorted by time, user and item.

    Its half stars reach down to 0.5, feedback only to 1: half a star counts as 1, all others stay.
    Event ids are `movielens-n`, n the line in `ratings.csv`.
    """

    prefix = "movielens"

    def _read(self) -> None:
        path = self._folder / "movies.csv"
        for line, (movie, title, genres) in read_csv(path, ("movieId", "title", "genres")):
            try:
                item = whole_number(movie, "movieId")
            except WrongField as wrong:
                raise _data_error(path, line, wrong) from wrong
            known = [] if genres.startswith("(") else genres.split("|")  # "(no genres listed)"
            self._items[item] = Item(item_id=movie, title=title, categories=known, attributes=_year(title))
        columns = ("userId", "movieId", "rating", "timestamp")
        self._add_ratings("ratings.csv", read_csv(self._folder / "ratings.csv", columns), lowest=0.5)
        self._ratings.sort()


def _year(title: str) -> dict[str, str]:
    """Return the year of release that ends a title in brackets, as an attribute; titles without one have none."""
    found = _YEAR.search(title)
    return {"year": found[1]} if found else {}


def _cells(path: Path, width: int, separator: str, encoding: str = "utf-8") -> Iterator[tuple[int, Sequence[str]]]:
    line = 0
    for line, text in read_lines(path, encoding):
        cells = text.split(separator)
        if len(cells) != width:
            raise DataError(
                path=str(path),
                line=line,
                field="row",
                expected=f"{width} cells separated by {separator!r}",
                found=str(len(cells)),
            )
        yield line, cells
    if not line:
        raise DataError(path=str(path), line=None, field="rows", expected="at least one", found="none")


def _data_error(path: Path, line: int, wrong: WrongField) -> DataError:
    return DataError(path=str(path), line=line, field=wrong.field, expected=wrong.expected, found=wrong.found)

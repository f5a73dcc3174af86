import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from contento.training.readers.tables import read_csv, unique

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_csv_writes_is_read_with_the_line_of_each_row(rows: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["a", "b", "c"])
    starts = []
    for row in rows:
        starts.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(text.getvalue().encode())
        found = list(read_csv(path, ["c", "a"]))
    assert found == [(line, [row[2], row[0]]) for line, row in zip(starts, rows, strict=True)]


def test_columns_are_asked_for_once() -> None:
    assert unique(["a", "", "b", "a"]) == ("a", "b")

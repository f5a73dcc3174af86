"""The error of a wrong data file."""

from contento.contracts.errors import ContentoError


class DataError(ContentoError):
    """A file cannot be read as data: names file, line, field, what was expected and what was found."""

    def __init__(self, *, path: str, line: int | None, field: str, expected: str, found: str) -> None:
        """Compose the message; `line` counts from 1, `None` when the whole file is concerned."""
        self.path, self.line, self.field, self.expected, self.found = path, line, field, expected, found
        place = path if line is None else f"{path}, line {line}"
        super().__init__(
            f"{place}: field {field}: expected {expected}, found {found}: mend the file or the --data specification"
        )

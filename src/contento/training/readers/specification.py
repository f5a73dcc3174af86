"""The text of `--data`: KIND:PATH, with options after a question mark."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from contento.training.data_error import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """A data specification, taken apart.

    Attributes:
        text: As it was given.
        kind: What comes before the first colon, e.g. `csv`.
        path: What lies between that colon and the question mark.
        options: What follows the question mark, by name.
    """

    text: str
    kind: str
    path: str
    options: Mapping[str, str]

    def allow(self, names: Collection[str]) -> None:
        """Refuse any other option.

        Raises:
            DataError: There is one.
        """
        for name in self.options:
            if name not in names:
                raise DataError(
                    path=self.text,
                    line=None,
                    field=f"option {name}",
                    expected=f"one of {', '.join(sorted(names))}" if names else "no options",
                    found=repr(name),
                )


def parse(text: str) -> Specification:
    """Take a specification apart; `%2C`-like escapes and `+` for a space are undone in options.

    Raises:
        DataError: It is not of the form `KIND:PATH?name=value&name=value`.
    """
    kind, colon, rest = text.partition(":")
    path, _, tail = rest.partition("?")
    if not colon or not path:
        raise DataError(path=text, line=None, field="data", expected="KIND:PATH[?options]", found=repr(text))
    options: dict[str, str] = {}
    for part in tail.split("&") if tail else ():
        name, equals, value = part.partition("=")
        if not equals or not name or not value or name in options:
            raise DataError(
                path=text,
                line=None,
                field="options",
                expected="each option once, as name=value, joined by &",
                found=repr(part),
            )
        options[name] = unquote_plus(value)
    return Specification(text=text, kind=kind, path=path, options=options)

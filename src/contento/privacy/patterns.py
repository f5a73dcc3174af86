"""Recognizers that differ from Presidio's: where those take quadratic time, miss something, or find too much."""

import re
from collections.abc import Collection, Iterator
from typing import Final

from presidio_analyzer import Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    PhoneRecognizer,
)
from tldextract import TLDExtract

_CERTAIN: Final = 1.0
_STRICT_GROUPING: Final = 2
"""libphonenumber's leniency: the number is valid, and its groups, if any, are as that country writes them."""
_SUFFIXES: Final = TLDExtract(suffix_list_urls=(), cache_dir=None)
"""The public suffix list that tldextract carries: nothing is fetched, nothing is read from a cache."""

# Bounded by RFC 5321 (64 characters before the @, 63 a label), so that a long run of characters
# costs a constant each.
_EMAIL: Final = r"\w[\w.!#$%&'*+=^`~-]{0,63}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}"
_LINK_END: Final = r"[^\s<>\"\[\]]*[^\s<>\"\[\].,;:!?'()]"
_LINK_WITH_SCHEME: Final = rf"\b[a-z][a-z0-9+-]{{1,15}}://{_LINK_END}"
_LINK_WITH_WWW: Final = rf"\bwww\d?\.{_LINK_END}"
_LINK_WITH_PATH: Final = (
    rf"\b(?:[\w-]{{1,63}}\.){{1,8}}(?-i:[a-z]{{2,24}}|[A-Z]{{2,24}})(?::\d{{1,5}})?/(?:{_LINK_END})?"
)
# The shortest IBAN has 15 characters, the longest 34.
_ACCOUNT: Final = re.compile(r"(?<![A-Za-z0-9])(?=([A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}))")
_MASTERCARD: Final = r"\b2[2-7]\d{2}([- ]?)\d{4}\1\d{4}\1\d{4}\b"
# A number with a unit, as in "@10am", is no name.
_HANDLE: Final = r"(?<![\w@])@(?!\d+[A-Za-z]{0,3}\b)\w{1,30}(?:\.[a-z0-9_]\w{0,29})*"
_ETHEREUM: Final = r"\b0x[0-9a-f]{40}\b"


class Email(EmailRecognizer):
    """Addresses under a public suffix, also where a sentence goes on without a space after them."""

    def __init__(self) -> None:
        """Take our pattern."""
        super().__init__(patterns=[Pattern("email", _EMAIL, 0.5)])

    def validate_result(self, pattern_text: str) -> bool:
        """Tell whether the domain, or the first labels of it, end in a public suffix."""
        labels = pattern_text.rpartition("@")[2].split(".")
        return any(_SUFFIXES(".".join(labels[:end])).suffix for end in range(2, len(labels) + 1))


class Link(PatternRecognizer):
    """Addresses that lead somewhere: with a scheme, with `www.`, or with a path. The bare name of a site is none."""

    def __init__(self) -> None:
        """Take our patterns."""
        super().__init__(
            supported_entity="URL",
            patterns=[
                Pattern("scheme", _LINK_WITH_SCHEME, _CERTAIN),
                Pattern("www", _LINK_WITH_WWW, _CERTAIN),
                Pattern("path", _LINK_WITH_PATH, 0.5),
            ],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Tell whether what has neither scheme nor `www.` is under a public suffix."""
        if "://" in pattern_text or pattern_text.lower().startswith("www"):
            return None
        return bool(_SUFFIXES(pattern_text).suffix)


class Account(IbanRecognizer):
    """IBANs in capitals or small letters, whatever word or number follows them."""

    def __init__(self) -> None:
        """Ask for the whole form of the country: one length is right."""
        super().__init__(exact_match=True)

    def analyze(self, text: str, entities: list[str], *_: object) -> list[RecognizerResult]:
        """Return those with right check digits."""
        return [RecognizerResult(entities[0], start, end, _CERTAIN) for start, end in self._places(text)]

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _ACCOUNT.finditer(text):
            start, end = match.span(1)
            for at in range(end, start, -1):
                ends_word = text[at - 1].isalnum() and not text[at : at + 1].isalnum()
                # It answers None for one that is right, but in small letters.
                if ends_word and self.validate_result(text[start:at]) is not False:
                    yield start, at
                    break


class Phone(PhoneRecognizer):
    """Phone numbers as libphonenumber knows them, without the bracket that one may stand in."""

    def __init__(self, regions: Collection[str]) -> None:
        """Take the countries, ISO 3166, whose national numbers are found."""
        super().__init__(supported_regions=tuple(regions), leniency=_STRICT_GROUPING)

    def analyze(self, text: str, entities: list[str], *_: object) -> list[RecognizerResult]:
        """Return the numbers; of one in brackets the opening one, which libphonenumber takes with it, stays."""
        found = super().analyze(text, entities)
        for each in found:
            if text[each.start] == "(" and ")" not in text[each.start : each.end]:
                each.start += 1
        return found


class Handle(PatternRecognizer):
    """Names on social networks: `@name`."""

    def __init__(self, keep: Collection[str]) -> None:
        """Take the names that stay, in any case, with or without the `@`."""
        # No flag that ignores case: a small letter after a dot goes on with the name, a capital begins a sentence.
        super().__init__(
            supported_entity="HANDLE", patterns=[Pattern("handle", _HANDLE, _CERTAIN)], global_regex_flags=0
        )
        self._keep = frozenset(name.removeprefix("@").casefold() for name in keep)

    def invalidate_result(self, pattern_text: str) -> bool:
        """Tell whether the name stays."""
        return pattern_text.removeprefix("@").casefold() in self._keep


def card() -> CreditCardRecognizer:
    """Return a recognizer of card numbers, with the Mastercard numbers that begin with 2."""
    mastercard = Pattern("mastercard", _MASTERCARD, 0.3)
    return CreditCardRecognizer(patterns=[*CreditCardRecognizer.PATTERNS, mastercard])


def ethereum() -> PatternRecognizer:
    """Return a recognizer of Ethereum addresses, which Presidio has none for."""
    return PatternRecognizer(supported_entity="CRYPTO", patterns=[Pattern("ethereum", _ETHEREUM, _CERTAIN)])

"""What is looked for: Presidio's recognizers, behind filters that pass over texts in which they find nothing."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from re import Pattern
from re import compile as compiled
from typing import Final, NamedTuple

from presidio_analyzer import Pattern as Shape
from presidio_analyzer import PatternRecognizer
from presidio_analyzer import predefined_recognizers as presidio

from contento.privacy.kinds import Kind
from contento.privacy.patterns import Account, Email, Handle, Link, Phone, card, ethereum

Recognizer = PatternRecognizer | Phone

PHONE_REGIONS: Final = ("US", "GB", "DE", "FR")
"""Countries whose national forms are phone numbers; with + and a country code, those of all countries are."""

_LOWEST_SCORE: Final = 0.4
"""What Presidio gives a phone number. Its weaker patterns need context words, which we do not use."""

# One that is written without a gap is as likely an article's number: one in ten passes the check digit.
_GROUPED_AADHAAR: Final = Shape("grouped", r"(?<!\d)[2-9]\d{3}([ -])\d{4}\1\d{4}(?!\d)", 0.01)
_GROUPED_NHS: Final = Shape("grouped", r"(?<!\d)\d{3}([ -])\d{3}\1\d{4}(?!\d)", 0.5)
# Presidio's finds one inside any longer number.
_WHOLE_PESEL: Final = Shape(
    "whole", r"(?<!\d)\d{2}(?:[02468][1-9]|[13579][012])(?:0[1-9]|[12]\d|3[01])\d{5}(?!\d)", 0.4
)


class Finding(NamedTuple):
    """Personal data in a text.

    Attributes:
        start: Its first character.
        end: The character after its last.
        kind: What it is.
    """

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What finds one kind.

    Attributes:
        kind: What is found.
        must_hold: Matches in every finding: what it does not match in is none. Whether it matches does not
            depend on what is before or after, so a text in which it does not match has no finding, and
            no recognizer is asked.
        recognizers: Find it.
    """

    kind: Kind
    must_hold: Pattern[str]
    recognizers: tuple[Recognizer, ...]

    def findings(self, text: str) -> Iterator[Finding]:
        """Yield what is found in a text."""
        if self.must_hold.search(text) is None:
            return
        for recognizer in self.recognizers:
            for found in recognizer.analyze(text, recognizer.supported_entities):
                if found.score >= _LOWEST_SCORE and self.must_hold.search(text[found.start : found.end]):
                    yield Finding(found.start, found.end, self.kind)


_EMAIL: Final = compiled(r"\S@\S")
_LINK: Final = compiled(r"://|[wW]{3}|\.[a-zA-Z]{2,24}(?::\d{1,5})?/")
_CARD: Final = compiled(r"\d(?:[ -]?\d){12}")
_ACCOUNT: Final = compiled(r"[A-Za-z]{2}\d\d[ -]?\w{4}")
_PHONE: Final = compiled("\\d(?:[\\WxX\u30fc]{0,4}\\d){6}")  # between digits, what libphonenumber allows there
_ID: Final = compiled(r"\d(?:[ .-]?\d){5}|\w{16}")
_IP: Final = compiled(r"\d\.\d{1,3}\.\d{1,3}\.\d|(?=[0-9A-Fa-f:]{0,38}\d)[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:")
_WALLET: Final = compiled(r"(?:[bB][cC]1|[13]|0[xX])\w{25}")
_HANDLE: Final = compiled(r"@\w")


def rules(keep_handles: Collection[str], phone_regions: Collection[str]) -> tuple[Rule, ...]:
    """Return the rules, one a kind.

    Args:
        keep_handles: Names on social networks that stay.
        phone_regions: Countries, ISO 3166, whose national phone numbers are found.
    """
    return (
        Rule(kind="email", must_hold=_EMAIL, recognizers=(Email(),)),
        Rule(kind="link", must_hold=_LINK, recognizers=(Link(),)),
        Rule(kind="card", must_hold=_CARD, recognizers=(card(),)),
        Rule(kind="account", must_hold=_ACCOUNT, recognizers=(Account(),)),
        Rule(kind="phone", must_hold=_PHONE, recognizers=(Phone(phone_regions),)),
        Rule(kind="id", must_hold=_ID, recognizers=_national_ids()),
        Rule(kind="ip", must_hold=_IP, recognizers=(presidio.IpRecognizer(),)),
        Rule(kind="wallet", must_hold=_WALLET, recognizers=(presidio.CryptoRecognizer(), ethereum())),
        Rule(kind="handle", must_hold=_HANDLE, recognizers=(Handle(keep_handles),)),
    )


def _national_ids() -> tuple[Recognizer, ...]:
    """Return those with check digits, and those of the United States, whose grouping few other numbers have."""
    return (
        presidio.UsSsnRecognizer(),
        presidio.UsItinRecognizer(),
        presidio.CaSinRecognizer(),
        presidio.NhsRecognizer(patterns=[_GROUPED_NHS]),
        presidio.DeTaxIdRecognizer(),
        presidio.DeSocialSecurityRecognizer(),
        presidio.EsNifRecognizer(),
        presidio.EsNieRecognizer(),
        presidio.ItFiscalCodeRecognizer(),
        presidio.FiPersonalIdentityCodeRecognizer(),
        presidio.SePersonnummerRecognizer(),
        presidio.PlPeselRecognizer(patterns=[_WHOLE_PESEL]),
        presidio.TrNationalIdRecognizer(),
        presidio.InAadhaarRecognizer(patterns=[_GROUPED_AADHAAR]),
    )

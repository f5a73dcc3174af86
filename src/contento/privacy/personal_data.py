"""Masking personal data in a text."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from re import compile as compiled
from re import escape
from typing import Final

from contento.privacy.kinds import KINDS, Kind, placeholder
from contento.privacy.rules import PHONE_REGIONS, Finding, rules

_PLACEHOLDER: Final = compiled("(" + "|".join(escape(placeholder(kind)) for kind in KINDS) + ")")


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text without the personal data that was found in it.

    Attributes:
        text: Placeholders where it was; every other character as before.
        counts: How many there are of each kind that was found; no values.
    """

    text: str
    counts: Mapping[Kind, int]


class PersonalData:
    """Finds personal data by its form, with Presidio's recognizers, and puts placeholders in its place.

    Nothing is downloaded and no language model is asked. The same text always gives the same answer,
    and masking a masked text changes nothing.

    Example:
        >>> PersonalData().mask("Mail jane@example.com").text
        'Mail [email]'
    """

    def __init__(self, *, keep_handles: Collection[str] = (), phone_regions: Collection[str] = PHONE_REGIONS) -> None:
        """Load the recognizers.

        Args:
            keep_handles: Names on social networks that stay, in any case: a brand's own says whom a text is about.
            phone_regions: Countries, ISO 3166, whose national phone numbers are found; international ones always are.
        """
        self._rules = rules(keep_handles, phone_regions)

    def mask(self, text: str) -> Masked:
        """Return a text with a placeholder for each piece of personal data.

        Findings that overlap are one, named after the longest. The text between findings is searched again,
        by itself, until nothing is found in it: so what a finding hid is found now, not when somebody masks anew.
        """
        counts: Counter[Kind] = Counter()
        done: list[str] = []
        todo = _apart(text)[::-1]
        while todo:
            part = todo.pop()
            findings = () if _PLACEHOLDER.fullmatch(part) else self._findings(part)
            if findings:
                counts.update(finding.kind for finding in findings)
                todo += _replaced(part, findings)[::-1]
            else:
                done.append(part)
        return Masked(text="".join(done), counts=counts)

    def _findings(self, text: str) -> list[Finding]:
        """Return what is found in a text, in its order, apart from each other."""
        apart: list[Finding] = []
        longest = 0
        for finding in sorted(finding for rule in self._rules for finding in rule.findings(text)):
            length = finding.end - finding.start
            if apart and finding.start < apart[-1].end:
                start, end, kind = apart.pop()
                if (-length, KINDS.index(finding.kind)) < (-longest, KINDS.index(kind)):
                    kind, longest = finding.kind, length
                apart.append(Finding(start, max(end, finding.end), kind))
            else:
                apart.append(finding)
                longest = length
        return apart


def _apart(text: str) -> list[str]:
    """Return a text in parts, each a placeholder or without one."""
    return [part for part in _PLACEHOLDER.split(text) if part]


def _replaced(text: str, findings: Iterable[Finding]) -> list[str]:
    """Return a text in parts, with a placeholder as one part for each finding."""
    parts: list[str] = []
    at = 0
    for finding in findings:
        parts += [text[at : finding.start], placeholder(finding.kind)]
        at = finding.end
    return [part for part in (*parts, text[at:]) if part]

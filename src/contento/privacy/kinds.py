"""The kinds of personal data, and the word that stands in a text instead of each."""

from typing import Final, Literal, get_args

Kind = Literal["email", "link", "card", "account", "ip", "phone", "id", "wallet", "handle"]
"""Each is a common word, which a tokenizer keeps whole."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""All kinds; of two findings of the same length the kind that comes first here names both."""


def placeholder(kind: Kind) -> str:
    """Return what stands in a text instead of personal data of a kind, e.g. `[email]`."""
    return f"[{kind}]"

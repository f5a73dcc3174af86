"""Ids that say nothing of whom they name, and are the same wherever the key is."""

import hmac
from typing import Final

from pydantic import SecretStr

from contento.contracts.errors import ContentoError

_SHORTEST_KEY: Final = 16
"""Characters: 64 random bits in hexadecimal. Ids can be guessed one by one, so the key must not be."""

_DIGITS: Final = 32
"""Hexadecimal: 128 bits. That any two of a billion ids share a pseudonym has a probability below 1e-20."""


class PrivacyError(ContentoError):
    """Personal data cannot be masked as asked."""


class Pseudonyms:
    """HMAC-SHA-256 of ids: who has the key can tell that a pseudonym is a certain id's; nobody else can."""

    def __init__(self, key: SecretStr) -> None:
        """Take the key.

        Raises:
            PrivacyError: It is shorter than 16 characters.
        """
        if len(key.get_secret_value()) < _SHORTEST_KEY:
            raise PrivacyError(
                f"the key of pseudonyms is shorter than {_SHORTEST_KEY} characters: "
                "set CONTENTO_PSEUDONYM_KEY to a long random text, e.g. from `openssl rand -hex 32`"
            )
        self._key = key

    def of(self, name: str) -> str:
        """Return the pseudonym of an id; an empty id, which names nobody, stays empty."""
        if not name:
            return name
        return hmac.digest(self._key.get_secret_value().encode(), name.encode(), "sha256").hex()[:_DIGITS]

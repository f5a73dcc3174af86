"""How a receiver knows that an alert is ours: HMAC-SHA-256 over the time and the body.

    Contento-Signature: t=1773834000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd

`v1` is the HMAC of `<t>.<body>`, in hexadecimal. The time is signed too, so that a request that somebody has
listened to cannot be sent again later. The scheme is Stripe's (https://docs.stripe.com/webhooks#verify-manually).
"""

import hmac
from typing import Final

from pydantic import SecretStr

from contento.contracts.errors import ContentoError

SIGNATURE_HEADER: Final = "Contento-Signature"
SHORTEST_SECRET: Final = 16
"""Characters: 64 random bits in hexadecimal."""
TOLERANCE_S: Final = 300
"""Seconds that a signature is good for: clocks apart, and a request takes 10 s at most."""


class WebhookError(ContentoError):
    """The webhook cannot be used as it is set up."""


class BadSignature(ContentoError):
    """A request is not signed as ours are: do not trust it."""


def sign(body: bytes, secret: SecretStr, *, at_s: int) -> str:
    """Return the header's value.

    Args:
        body: The request's body, to the byte.
        secret: Shared with the receiver.
        at_s: The present, unix seconds.
    """
    return f"t={at_s},v1={_digest(body, secret, str(at_s))}"


def verify(body: bytes, header: str, secret: SecretStr, *, now_s: float, tolerance_s: float = TOLERANCE_S) -> None:
    """Check a request, as its receiver.

    Args:
        body: The request's body, to the byte, before anything parses it.
        header: Value of `Contento-Signature`; of several `v1` one must fit, so that secrets can be changed.
        secret: Shared with the sender.
        now_s: The present, unix seconds.
        tolerance_s: Seconds that a signature is good for.

    Raises:
        BadSignature: It is not ours, or too old.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit():
        raise BadSignature(f"the header {SIGNATURE_HEADER} has no time: refuse the request")
    wanted = _digest(body, secret, times[0])
    given = [value for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(value.encode(), wanted.encode()) for value in given):
        raise BadSignature("no signature fits: refuse the request, and see that both sides have the same secret")
    if abs(now_s - int(times[0])) > tolerance_s:
        raise BadSignature(
            f"the signature is {abs(now_s - int(times[0])):.0f} s away: refuse the request, and see that clocks agree"
        )


def check_secret(secret: SecretStr) -> None:
    """Check that a secret is long enough.

    Raises:
        WebhookError: It is not.
    """
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise WebhookError(
            f"the webhook's secret is shorter than {SHORTEST_SECRET} characters: "
            "set CONTENTO_WEBHOOK_SECRET to a long random text, e.g. from `openssl rand -hex 32`"
        )


def _digest(body: bytes, secret: SecretStr, time: str) -> str:
    return hmac.digest(secret.get_secret_value().encode(), time.encode() + b"." + body, "sha256").hex()

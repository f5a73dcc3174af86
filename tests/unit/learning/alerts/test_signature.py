import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from contento.learning.alerts.signature import BadSignature, WebhookError, check_secret, sign, verify

SECRET = SecretStr("0123456789abcdef")
BODY = b'{"alert_id": "a"}'


def test_it_is_the_hmac_that_the_page_describes() -> None:
    digest = hmac.new(b"0123456789abcdef", b"1773834000." + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, SECRET, at_s=1773834000) == f"t=1773834000,v1={digest}"


@given(body=st.binary(max_size=200), at_s=st.integers(0, 2**40), late=st.integers(-300, 300))
def test_what_was_signed_is_verified(body: bytes, at_s: int, late: int) -> None:
    verify(body, sign(body, SECRET, at_s=at_s), SECRET, now_s=at_s + late)


@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_is_refused(place: int, bit: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= 1 << bit
    with pytest.raises(BadSignature, match="no signature fits"):
        verify(bytes(changed), sign(BODY, SECRET, at_s=100), SECRET, now_s=100)


@pytest.mark.parametrize("away", [-301, 301])
def test_an_old_one_is_refused(away: int) -> None:
    with pytest.raises(BadSignature, match="clocks agree"):
        verify(BODY, sign(BODY, SECRET, at_s=1000), SECRET, now_s=1000 + away)


def test_a_changed_time_is_refused() -> None:
    signed = sign(BODY, SECRET, at_s=1000).replace("t=1000", "t=2000")
    with pytest.raises(BadSignature, match="no signature fits"):
        verify(BODY, signed, SECRET, now_s=2000)


def test_another_secret_is_refused_and_one_of_two_fits() -> None:
    other = SecretStr("another-long-secret")
    signed = sign(BODY, other, at_s=1000)
    with pytest.raises(BadSignature):
        verify(BODY, signed, SECRET, now_s=1000)
    verify(BODY, f"{sign(BODY, SECRET, at_s=1000)},{signed.split(',')[1]}", other, now_s=1000)


@given(st.text(max_size=40))
def test_anything_else_is_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        verify(BODY, header, SECRET, now_s=1000)


def test_a_short_secret_is_refused_and_not_shown() -> None:
    with pytest.raises(WebhookError, match="openssl rand") as refused:
        check_secret(SecretStr("hunter2"))
    assert "hunter2" not in str(refused.value)

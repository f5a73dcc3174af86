import pytest
from pydantic import SecretStr

from contento.privacy.pseudonyms import PrivacyError, Pseudonyms

KEY = SecretStr("0123456789abcdef")


def test_a_pseudonym_is_the_ids_and_the_keys() -> None:
    names = Pseudonyms(KEY)
    assert names.of("jane@example.com") == Pseudonyms(KEY).of("jane@example.com")
    others = {names.of("jane"), names.of("Jane"), Pseudonyms(SecretStr("0123456789abcdeF")).of("jane")}
    assert len(others) == 3
    assert all(len(other) == 32 for other in others)


def test_it_is_hmac_sha_256() -> None:
    """RFC 4231, test case 1, cut to half."""
    assert Pseudonyms(SecretStr("\x0b" * 20)).of("Hi There") == "b0344c61d8db38535ca8afceaf0bf12b"


def test_an_empty_id_stays_empty() -> None:
    assert Pseudonyms(KEY).of("") == ""


def test_a_short_key_is_refused_and_not_shown() -> None:
    with pytest.raises(PrivacyError, match="set CONTENTO_PSEUDONYM_KEY") as refused:
        Pseudonyms(SecretStr("hunter2"))
    assert "hunter2" not in str(refused.value)

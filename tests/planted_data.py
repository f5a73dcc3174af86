"""Made-up personal data with right check digits, to plant in texts, and things that look like it and are none."""

import hashlib
from collections.abc import Callable
from random import Random
from typing import Final

import phonenumbers

from contento.privacy.kinds import Kind

_WORDS: Final = ("jane", "omar", "li", "sofia", "müller", "o'neil", "k", "anna_b", "x-ray", "guitarfan")
_SITES: Final = ("example.com", "mail.example.co.uk", "bücher.de", "example.museum", "a-b.io", "example.com.br")
_NIF: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Country: letters in front, digits behind.
_ACCOUNTS: Final = {
    "DE": (0, 18),
    "GB": (4, 14),
    "NL": (4, 10),
    "ES": (0, 20),
    "BE": (0, 12),
    "NO": (0, 11),
    "AT": (0, 16),
}


def _digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _luhn(digits: str) -> str:
    """Return digits with Luhn's check digit after them."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def _grouped(text: str, *sizes: int, by: str) -> str:
    parts = []
    for size in sizes:
        parts.append(text[:size])
        text = text[size:]
    return by.join([*parts, text] if text else parts)


def email(rng: Random) -> str:
    name = rng.choice(_WORDS) + rng.choice(("", ".", "+", "_", "-")) + rng.choice(("smith", "b", "42", "garcía"))
    return f"{name}@{rng.choice(_SITES)}"


def link(rng: Random) -> str:
    tail = rng.choice(("/u/jane.doe", "/?q=1&id=42", "/a/b#c", "/~omar/", "/r%C3%A9sum%C3%A9.pdf"))
    site = rng.choice(_SITES)
    user = rng.choice(("", "omar:s3cret@"))
    scheme = rng.choice(("http", "https", "ftp", "HTTPS"))
    return rng.choice((f"{scheme}://{user}{site}{tail}", f"www.{site}{tail}", f"{site}{tail}", f"https://{site}"))


def card(rng: Random) -> str:
    start, length = rng.choice((("4", 16), ("52", 16), ("2345", 16), ("37", 15), ("6011", 16)))
    number = _luhn(start + _digits(rng, length - len(start) - 1))
    by = rng.choice((" ", "-", ""))
    return _grouped(number, 4, 6, by=by) if length == 15 else _grouped(number, 4, 4, 4, by=by)


def account(rng: Random) -> str:
    country = rng.choice(sorted(_ACCOUNTS))
    letters, digits = _ACCOUNTS[country]
    own = "".join(rng.choices("ABCDEFGHIKLMNOPQRSTUVWXYZ", k=letters)) + _digits(rng, digits)
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{own}{country}00")) % 97
    number = f"{country}{check:02d}{own}"
    number = _grouped(number, *[4] * (len(number) // 4), by=rng.choice((" ", "")))
    return rng.choice((number, number.lower()))


def phone(rng: Random) -> str:
    region = rng.choice(sorted(phonenumbers.SUPPORTED_REGIONS))
    number = phonenumbers.example_number(region)
    american = f"{rng.choice((212, 303, 415, 617, 800))}-{rng.randint(201, 999)}-{_digits(rng, 4)}"
    if number is None or len(str(number.national_number)) < 7 or rng.random() < 0.4:
        return rng.choice((american, f"1-{american}", american.replace("-", "."), f"({american[:3]}) {american[4:]}"))
    form = rng.choice((phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164))
    return phonenumbers.format_number(number, form)


def national_id(rng: Random) -> str:
    def social_security() -> str:
        area = rng.choice((rng.randint(1, 665), rng.randint(667, 899)))
        return f"{area:03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"

    def canadian() -> str:
        return _grouped(_luhn(rng.choice("1234567") + _digits(rng, 7)), 3, 3, by=rng.choice(" -"))

    def spanish() -> str:
        number = rng.randint(10_000_000, 99_999_999)
        return f"{number}{_NIF[number % 23]}"

    def finnish() -> str:
        birth = f"{rng.randint(1, 28):02d}{rng.randint(1, 12):02d}{rng.randint(0, 99):02d}"
        number = f"{rng.randint(2, 899):03d}"
        return f"{birth}-{number}{_HETU[int(birth + number) % 31]}"

    def polish() -> str:
        number = f"{rng.randint(40, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{_digits(rng, 4)}"
        total = sum(int(digit) * weight for digit, weight in zip(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
        return number + str(-total % 10)

    kinds: tuple[Callable[[], str], ...] = (social_security, canadian, spanish, finnish, polish)
    others = ("RSSMRA85T10A562S", "86095742719", "65170839J003", "X1234567L", "943 476 5919", "10000000146")
    return rng.choice((rng.choice(kinds)(), rng.choice(kinds)(), rng.choice(others)))


def ip(rng: Random) -> str:
    four = ".".join(str(rng.randint(0, 255)) for _ in range(4))
    return rng.choice((four, f"{four}/24", "2001:db8::8a2e:370:7334", "fe80::1", f"::ffff:{four}"))


def wallet(rng: Random) -> str:
    payload = b"\x00" + rng.randbytes(20)
    address = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, bitcoin = int.from_bytes(address), ""
    while number:
        number, digit = divmod(number, 58)
        bitcoin = _BASE58[digit] + bitcoin
    return rng.choice(
        (
            "1" * (len(address) - len(address.lstrip(b"\0"))) + bitcoin,
            f"0x{rng.randbytes(20).hex()}",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        )
    )


def handle(rng: Random) -> str:
    return rng.choice(("@jane_doe", "@omar1987", "@sofia.garcia", "@müller", "@x", "@2fast4you"))


PLANTS: Final[dict[Kind, Callable[[Random], str]]] = {
    "email": email,
    "link": link,
    "card": card,
    "account": account,
    "phone": phone,
    "id": national_id,
    "ip": ip,
    "wallet": wallet,
    "handle": handle,
}
"""What makes personal data of each kind."""

HARMLESS: Final = (
    "$1,299.99", "€ 49,90", "5/5", "4.5 stars", "10/10", "SM57", "ATH-M50x", "B0002E1G5C", "DR-9-42", "1/4 inch",
    "12/31/2014", "2014-12-31", "31.12.2014", "2014-12-31 23:59:59", "10:30:45", "100%", "24-bit/192kHz", "3 x 4.5",
    "@ 5pm", "@10am", "#12345678", "1234567", "978-0-306-40615-7", "114-3941689-8772232",
    "AC/DC", "and/or", "works.It is", "e.g.", "std::vector", "Cons: bad:: really", "1080p", "9V", "12AX7", "MXR M-102",
    "2.4 GHz", "1,000,000", "-20 to +40", "0.5-1.5", "UA1151", "PN 320008A", "24/7", "amazon.com", "v2.0.1", "A4=440Hz",
    "(2)", "1st, 2nd and 3rd", "10000 hours", "2013-2014", "[sic]", "*****", "3.14159265358979", 'XLR-1/4"', "5'11\"",
)  # fmt: skip
"""What reviews are full of and is nobody's."""

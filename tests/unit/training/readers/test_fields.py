from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contento.contracts.messages import Satisfaction
from contento.training.readers.fields import WrongField, number, rating, satisfaction, shown, time_ns, timestamp

MOMENTS = st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("881250949", 881250949 * 10**9),
        ("-86400", -86400 * 10**9),
        ("1424158565.25", 1424158565_250_000_000),
        ("-1.5", -1_500_000_000),
        ("1424158565621", 1424158565621 * 10**6),
        ("1424158565621.5", 1424158565_621_500_000),
        ("1424158565621123", 1424158565621123 * 10**3),
        ("874731910000000007", 874731910000000007),
        (" 881250949 ", 881250949 * 10**9),
        ("2019-10-01 00:00:00 UTC", 1569888000 * 10**9),
        ("2019-10-01T00:00:00Z", 1569888000 * 10**9),
        ("2019-10-01", 1569888000 * 10**9),
        ("2019-10-01T02:00:00.5+02:00", 1569888000_500_000_000),
        ("2019-09-30T20:00:00-0400", 1569888000 * 10**9),
        ("2/16/2015 23:36", 1424129760 * 10**9),
        ("02/16/2015 23:36:07", 1424129767 * 10**9),
        ("2/16/2015", 1424044800 * 10**9),
    ],
)
def test_times(text: str, nanoseconds: int) -> None:
    assert time_ns(text, "time") == nanoseconds


@pytest.mark.parametrize(
    "text", ["", "yesterday", "16/2/2015 23:36", "2015-02-30", "1e9", "NaN", "12:30", "2019-10-01 25:00:00 UTC"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(WrongField) as caught:
        time_ns(text, "when")
    assert caught.value.field == "when"
    assert caught.value.expected.startswith("a time: unix s")
    assert caught.value.found == (repr(text) if text else "nothing")


@pytest.mark.parametrize("text", ["99999999999999999999999", "-99999999999999999999999"])
def test_times_that_no_message_can_hold(text: str) -> None:
    with pytest.raises(WrongField) as caught:
        time_ns(text, "when")
    assert caught.value.expected == "a time in the years 1 to 9999"


@given(moment=MOMENTS, hours=st.integers(-12, 14))
def test_a_moment_is_the_same_in_every_form(moment: datetime, hours: int) -> None:
    utc = moment.replace(tzinfo=UTC)
    since = utc - datetime(1970, 1, 1, tzinfo=UTC)
    micro = (since.days * 86400 + since.seconds) * 10**6 + since.microseconds
    elsewhere = utc.astimezone(timezone(timedelta(hours=hours)))
    forms = [
        utc.isoformat(),
        moment.isoformat(),
        moment.isoformat(sep=" ") + " UTC",
        elsewhere.isoformat(),
        f"{micro // 10**6}.{micro % 10**6:06}",
        f"{micro // 1000}.{micro % 1000:03}",
        str(micro),
        str(micro * 1000),
    ]
    assert {time_ns(form, "time") for form in forms} == {micro * 1000}
    assert timestamp(micro * 1000).ToMicroseconds() == micro


@pytest.mark.parametrize(
    ("text", "lowest", "value"), [("1", 1, 1.0), ("5.0", 1, 5.0), ("3.5", 1, 3.5), ("0.5", 0.5, 1.0), ("4.5", 0.5, 4.5)]
)
def test_ratings(text: str, lowest: float, value: float) -> None:
    assert rating(text, "stars", lowest) == value


@pytest.mark.parametrize("text", ["0", "5.1", "nan", "inf", "good", ""])
def test_what_is_no_rating(text: str) -> None:
    with pytest.raises(WrongField) as caught:
        rating(text, "stars")
    assert caught.value.expected == "a rating from 1 to 5"


@pytest.mark.parametrize("text", ["", "nan", "-inf", "1,5", "€3"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(WrongField):
        number(text, "price")


def test_satisfaction_labels() -> None:
    words = (("negative", "NEG", "0"), ("Neutral", "neu", "1"), (" positive ", "Pos", "2"))
    assert [[satisfaction(word, "label") for word in group] for group in words] == [
        [Satisfaction.SATISFACTION_NEGATIVE] * 3,
        [Satisfaction.SATISFACTION_NEUTRAL] * 3,
        [Satisfaction.SATISFACTION_POSITIVE] * 3,
    ]
    for word in ("3", "happy", "-1"):
        with pytest.raises(WrongField, match="label"):
            satisfaction(word, "label")


def test_long_texts_are_cut_in_messages() -> None:
    assert len(shown("x" * 10_000)) < 100

import pytest

from contento.simulate.scenarios import DriftPlan, Scenario, parse_scenario
from contento.training.data_error import DataError
from contento.training.readers import open_source


def test_options_replace_defaults() -> None:
    assert parse_scenario("x", "steady", {}) == Scenario()
    options = {"events": "5", "users": "6", "items": "17", "seed": "0", "days": "2"}
    assert parse_scenario("x", "outage", options) == Scenario(
        name="outage",
        drifts=(DriftPlan(kind="outage", start=0.5, end=0.65),),
        events=5,
        users=6,
        items=17,
        seed=0,
        days=2,
    )


def test_a_source_opens_by_specification() -> None:
    source = open_source("simulated:drift?events=50&users=5&items=20&seed=3")
    assert (source.size, len(list(source.items()))) == (50, 20)
    assert source.name == "simulated:drift?events=50&users=5&items=20&seed=3"


@pytest.mark.parametrize(
    ("name", "options", "field", "expected"),
    [
        ("stormy", {}, "scenario", "one of steady, drift"),
        ("steady", {"speed": "1"}, "option speed", "one of events, users"),
        ("steady", {"events": "0"}, "option events", "a whole number from 1"),
        ("steady", {"events": "1e6"}, "option events", "a whole number from 1"),
        ("steady", {"events": "²"}, "option events", "a whole number from 1"),
        ("steady", {"items": "15"}, "option items", "a whole number from 16"),
        ("steady", {"drifts": "flood@0.5"}, "option drifts", "KIND one of taste-shift, broken-product"),
        ("steady", {"drifts": "spam"}, "option drifts", "KIND@START"),
        ("steady", {"drifts": "spam@0.5-0.4"}, "option drifts", "KIND@START"),
        ("steady", {"drifts": "spam@0.5-2"}, "option drifts", "KIND@START"),
        ("steady", {"drifts": "spam@nan"}, "option drifts", "KIND@START"),
    ],
)
def test_what_is_wrong_is_told(name: str, options: dict[str, str], field: str, expected: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_scenario("simulated:x", name, options)
    assert caught.value.field == field
    assert expected in caught.value.expected

"""Which worlds there are: `simulated:SCENARIO?option=value&...`.

| scenario | what drifts |
|---|---|
| `steady` | nothing |
| `drift` | a taste shift at 40 % of the time, a broken product at 60 % |
| `taste-shift` | at 50 %, one user group comes to like what its opposite likes |
| `broken-product` | at 50 %, three popular items become bad; reviews, returns and complaints say so |
| `new-segment` | from 50 %, users from a new country with tastes of their own make up a fifth of the traffic |
| `outage` | from 50 to 65 %, four of five texts are missing, and all pictures |
| `spam` | from 50 to 65 %, bots post a flood of reviews that praise three items |
| `all` | each of these in turn |

| option | what | default |
|---|---|---|
| `events` | events, exactly so many | 20000 |
| `users` | users, besides those that drifts bring | 500 |
| `items` | items | 200 |
| `seed` | another seed, another world of the same laws | 7 |
| `days` | how long it lasts, about | 14 |
| `drifts` | `KIND@START` or `KIND@START-END`, fractions of the time, joined by commas; in place of the scenario's | - |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from contento.training.data_error import DataError

DriftKind = Literal["taste-shift", "broken-product", "new-segment", "outage", "spam"]
DRIFT_KINDS: Final[tuple[DriftKind, ...]] = get_args(DriftKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPlan:
    """A drift that is to come.

    Attributes:
        kind: What drifts.
        start: When, as a fraction of the world's time, in [0, 1].
        end: When it is over, likewise; 1 when it stays.
    """

    kind: DriftKind
    start: float
    end: float = 1.0


SCENARIOS: Final[Mapping[str, tuple[DriftPlan, ...]]] = {
    "steady": (),
    "drift": (DriftPlan(kind="taste-shift", start=0.4), DriftPlan(kind="broken-product", start=0.6)),
    "taste-shift": (DriftPlan(kind="taste-shift", start=0.5),),
    "broken-product": (DriftPlan(kind="broken-product", start=0.5),),
    "new-segment": (DriftPlan(kind="new-segment", start=0.5),),
    "outage": (DriftPlan(kind="outage", start=0.5, end=0.65),),
    "spam": (DriftPlan(kind="spam", start=0.5, end=0.65),),
    "all": (
        DriftPlan(kind="taste-shift", start=0.3),
        DriftPlan(kind="broken-product", start=0.45),
        DriftPlan(kind="new-segment", start=0.55),
        DriftPlan(kind="outage", start=0.7, end=0.78),
        DriftPlan(kind="spam", start=0.85, end=0.92),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A world to simulate.

    Attributes:
        name: One of `SCENARIOS`.
        drifts: What drifts in it, in order of start.
        events: Number of events.
        users: Number of users, besides those that drifts bring.
        items: Number of items, at least 16.
        seed: Of the generator.
        days: How long it lasts, about.
    """

    name: str = "steady"
    drifts: tuple[DriftPlan, ...] = ()
    events: int = 20_000
    users: int = 500
    items: int = 200
    seed: int = 7
    days: int = 14


_LEAST: Final[Mapping[str, int]] = {"events": 1, "users": 1, "items": 16, "seed": 0, "days": 1}


def parse_scenario(spec: str, name: str, options: Mapping[str, str]) -> Scenario:
    """Return the scenario of a specification.

    Args:
        spec: The whole specification, for messages.
        name: One of `SCENARIOS`.
        options: As in the table above.

    Raises:
        DataError: The scenario or an option is unknown, or a value is wrong.
    """
    if name not in SCENARIOS:
        raise _wrong(spec, "scenario", f"one of {', '.join(SCENARIOS)}", name)
    numbers: dict[str, int] = {}
    drifts = SCENARIOS[name]
    for option, text in options.items():
        if option == "drifts":
            drifts = tuple(sorted((_plan(spec, part) for part in text.split(",")), key=lambda plan: plan.start))
        elif option not in _LEAST:
            raise _wrong(spec, f"option {option}", f"one of {', '.join((*_LEAST, 'drifts'))}", option)
        else:
            least = _LEAST[option]
            if not text.isascii() or not text.isdigit() or int(text) < least:
                raise _wrong(spec, f"option {option}", f"a whole number from {least}", text)
            numbers[option] = int(text)
    return Scenario(name=name, drifts=drifts, **numbers)


def _plan(spec: str, text: str) -> DriftPlan:
    named, _, times = text.partition("@")
    begin, _, finish = times.partition("-") if "-" in times else (times, "", "1")
    try:
        start, end = float(begin), float(finish)
    except ValueError:
        start, end = 1.0, 0.0
    for kind in DRIFT_KINDS:
        if kind == named and 0 <= start < end <= 1:
            return DriftPlan(kind=kind, start=start, end=end)
    expected = f"KIND@START or KIND@START-END, KIND one of {', '.join(DRIFT_KINDS)}, 0 <= START < END <= 1"
    raise _wrong(spec, "option drifts", expected, text)


def _wrong(spec: str, field: str, expected: str, found: str) -> DataError:
    return DataError(path=spec, line=None, field=field, expected=expected, found=repr(found))

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from contento.connections.log_lines import REPEATS_EVERY_S, RepeatFilter, configure_logging

Lines = Callable[[], list[str]]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_line(
    message: object, *arguments: object, line: int = 1, level: int = logging.ERROR, name: str = "lib"
) -> logging.LogRecord:
    return logging.LogRecord(name, level, "/lib.py", line, message, arguments, None)


def test_a_plain_line_comes_once_in_a_while_and_says_how_many_it_stands_for() -> None:
    clock = Clock()
    repeats = RepeatFilter(clock)
    assert repeats.filter(a_line("broker %s is down", "a"))
    for step in range(1, 4):
        clock.now = step * REPEATS_EVERY_S / 4
        assert not repeats.filter(a_line("broker %s is down", step))
    clock.now = REPEATS_EVERY_S
    line = a_line("broker %s is down", "b")
    assert repeats.filter(line)
    assert line.getMessage() == "broker b is down (and 3 more like it)"
    clock.now = 2 * REPEATS_EVERY_S
    line = a_line("broker %s is down", "c")
    assert repeats.filter(line)
    assert line.getMessage() == "broker c is down"


def test_each_place_counts_for_itself() -> None:
    repeats = RepeatFilter(Clock())
    assert repeats.filter(a_line("same text", line=1))
    assert repeats.filter(a_line("same text", line=2))
    assert not repeats.filter(a_line("other text", line=1))


def test_structured_lines_are_told_apart_by_their_event() -> None:
    clock = Clock()
    repeats = RepeatFilter(clock)
    assert repeats.filter(a_line({"event": "waiting", "pause_s": 1}))
    assert not repeats.filter(a_line({"event": "waiting", "pause_s": 2}))
    assert repeats.filter(a_line({"event": "batch_failed"}))
    assert repeats.filter(a_line({"event": "waiting"}, name="other"))
    clock.now = REPEATS_EVERY_S
    fields: dict[str, object] = {"event": "waiting"}
    assert repeats.filter(a_line(fields))
    assert fields == {"event": "waiting", "held_back": 1}


def test_a_librarys_dictionary_is_a_line_like_any_other() -> None:
    repeats = RepeatFilter(Clock())
    assert repeats.filter(a_line({"status": 500}))
    assert not repeats.filter(a_line({"status": 501}))
    assert repeats.filter(a_line({"status": 500}, line=2))


def test_what_is_no_warning_always_passes() -> None:
    repeats = RepeatFilter(Clock())
    assert all(repeats.filter(a_line("progress", level=logging.INFO)) for _ in range(3))


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Returns the lines on standard error since it was last asked; undoes what configuring logging did."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    names = ("faust", "mode", "aiokafka", "contento.scoring.faust_app")
    levels = {name: logging.getLogger(name).level for name in names}
    for handler in handlers:  # so that `force` leaves pytest's own open
        root.removeHandler(handler)
    yield lambda: capsys.readouterr().err.splitlines()  # noqa: PLW0108 - asked anew at each call
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def test_structlogs_and_libraries_lines_have_one_form(lines: Lines) -> None:
    configure_logging("INFO", "json")
    structlog.get_logger("contento.test").warning("waiting", pause_s=0.5)
    logging.getLogger("somelib").error("no %s", "route")
    logging.getLogger("aiokafka").info("chatter")
    logging.getLogger("somelib").debug("detail")
    first, second = (json.loads(line) for line in lines())
    assert (first["event"], first["pause_s"], first["level"], first["logger"]) == (
        "waiting", 0.5, "warning", "contento.test",
    )  # fmt: skip
    assert (second["event"], second["level"], second["logger"]) == ("no route", "error", "somelib")
    assert first["timestamp"].endswith("Z")


def test_an_exception_is_one_line_of_json(lines: Lines) -> None:
    configure_logging("INFO", "json")
    try:
        int("broken")
    except ValueError:
        structlog.get_logger("contento.test").exception("batch_failed", events=3)
    (line,) = lines()
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


def test_repeats_are_held_back_where_lines_are_written(lines: Lines) -> None:
    configure_logging("INFO", "console")
    for n in range(5):
        logging.getLogger("aiokafka").error("broker down, try %s", n)
    assert len([line for line in lines() if "broker down" in line]) == 1

"""Structured log lines, and a limit on those that repeat."""

import logging
import sys
import time
from collections.abc import Callable
from typing import Final, Literal

import structlog

REPEATS_EVERY_S: Final = 10.0
"""aiokafka writes 70 error lines a second while a broker is down (measured): one in ten seconds says it too."""


class RepeatFilter(logging.Filter):
    """Lets a log line of one place through once in a while, and says how many were held back."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        """Take a clock in seconds that only grows."""
        super().__init__()
        self._clock_s = clock_s
        self._last: dict[tuple[str, object], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        if record.levelno < logging.WARNING:
            return True
        structured = record.msg if isinstance(record.msg, dict) and "event" in record.msg else None
        # structlog hands a dictionary over, always from the same line of its own.
        place = (record.name, structured["event"]) if structured else (record.pathname, record.lineno)
        now = self._clock_s()
        last, held = self._last.get(place, (-REPEATS_EVERY_S, 0))
        if now - last < REPEATS_EVERY_S:
            self._last[place] = (last, held + 1)
            return False
        self._last[place] = (now, 0)
        if held and structured:
            structured["held_back"] = held
        elif held:
            record.msg = f"{record.msg} (and {held} more like it)"
        return True


def configure_logging(level: str, form: Literal["console", "json"]) -> None:
    """Send structlog's lines and every library's to standard error in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RepeatFilter(time.monotonic))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("faust", "mode", "aiokafka", "contento.scoring.faust_app", "kafka", "presidio-analyzer"):
        logging.getLogger(noisy).setLevel(max(logging.getLevelName(level), logging.WARNING))

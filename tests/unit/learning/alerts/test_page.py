"""The receiver on the page about alerts works as it stands there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from contento.learning.alerts.attempts import RetryPolicy
from contento.learning.alerts.reading import KINDS
from contento.learning.alerts.signature import sign
from contento.learning.alerts.webhook import QUEUE, TOTAL_S
from contento.learning.sentiment.watch import SentimentOptions

PAGE = (Path(__file__).resolve().parents[4] / "docs/alerts.md").read_text()
SECRET = "0123456789abcdef"


@pytest.fixture(scope="module")
def is_contentos() -> Callable[[bytes, str, str, float], bool]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[[bytes, str, str, float], bool] = names["is_contentos"]
    return found


def test_the_receiver_takes_ours_and_nothing_else(is_contentos: Callable[[bytes, str, str, float], bool]) -> None:
    header = sign(b"{}", SecretStr(SECRET), at_s=1000)
    assert is_contentos(b"{}", header, SECRET, 1010.0)
    assert not is_contentos(b"{ }", header, SECRET, 1010.0)
    assert not is_contentos(b"{}", header, "fedcba9876543210", 1010.0)
    assert not is_contentos(b"{}", header, SECRET, 1301.0)
    assert not is_contentos(b"{}", header.replace("t=1000", "t=1100"), SECRET, 1110.0)


def test_every_kind_has_its_lines_in_the_runbook() -> None:
    runbook = PAGE.split("## What to do")[1].split("## How")[0]
    assert set(re.findall(r"^### (\w+)$", runbook, re.MULTILINE)) == set(KINDS.values()) - {"unknown"}


def test_the_figures_are_those_of_the_code() -> None:
    policy, options = RetryPolicy(), SentimentOptions()
    for words in (
        f"awaited for {TOTAL_S:.0f} seconds", f"most {policy.longest_s / 60:.0f} minutes apart",
        f"for {policy.give_up_after_s / 3600:.0f} hours", f"At most {QUEUE} alerts wait",
        f"one false alarm in {options.false_alarm_days:.0f}", f"less than {options.narrow_fall:g} for an item",
        f"{options.broad_fall:g} for what is broader", f"At most {options.items:,} items, {options.topics} topics",
    ):  # fmt: skip
        assert words in " ".join(PAGE.split()), words

"""The learner as a supervised process of the embedded stack."""

import sys

from contento.local.ports import LOOPBACK, answers
from contento.local.service import Service
from contento.local.stack import Stack

STOP_S = 15.0
"""It ends after its batch, and gives alerts on their way to a webhook 12 s."""


def add_learner(stack: Stack) -> Service:
    """Start and supervise a learner on the stack; returns once its metrics answer."""
    address = f"{LOOPBACK}:{stack.take_port('learner-metrics')}"
    return stack.add_process(
        "learner",
        [sys.executable, "-m", "contento", "learner"],
        {"CONTENTO_METRICS_PORT": address.rpartition(":")[2], "CONTENTO_METRICS_ADDRESS": LOOPBACK},
        what="learner, with its metrics",
        address=f"http://{address}/metrics",
        ready=lambda _: answers(address),
        stop_deadline_s=STOP_S,
    )

"""The scorer as a supervised process of the embedded stack."""

import sys

from contento.local.ports import LOOPBACK, answers
from contento.local.service import Service
from contento.local.stack import Stack

STOP_S = 10.0
"""A scorer commits its last batch well within this; one whose broker is down never ends by itself."""


def add_scorer(stack: Stack) -> Service:
    """Start and supervise a scorer on the stack; returns once its metrics answer, just before its first record."""
    address = f"{LOOPBACK}:{stack.take_port('scorer-metrics')}"
    embedded = stack.options.kafka is None and stack.options.kafka_home is None
    return stack.add_process(
        "scorer",
        [sys.executable, "-m", "contento", "scorer"],
        {
            "CONTENTO_METRICS_PORT": address.rpartition(":")[2],
            "CONTENTO_METRICS_ADDRESS": LOOPBACK,
            # A slot of its own lets a restarted scorer take up its partitions at once; the embedded broker,
            # though, makes such a member wait 8 s where another one waits 3 s.
            "CONTENTO_INSTANCE": "" if embedded else "scorer-0",
        },
        what="scorer, with its metrics",
        address=f"http://{address}/metrics",
        ready=lambda _: answers(address),
        stop_deadline_s=STOP_S,
    )

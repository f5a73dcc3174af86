"""A learner in a process of its own that starts at once: what it imports is there before it is forked."""

import multiprocessing
import os
from multiprocessing.process import BaseProcess
from pathlib import Path

from contento.learning.service.run import run_learner
from contento.learning.service.settings import LearnerSettings

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["learner_process"])


def start_learner(environment: dict[str, str], log: Path) -> BaseProcess:
    """Start a learner with these variables, whose log lines go to a file."""
    process = _SERVER.Process(target=_learn, args=(environment, log))
    process.start()
    return process


def _learn(environment: dict[str, str], log: Path) -> None:
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 2)
    run_learner(LearnerSettings())

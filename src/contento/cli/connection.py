"""How commands find the stack that runs."""

import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from contento.local.demo.run import demo_directory
from contento.local.running import running_environment
from contento.scoring.settings import ScorerSettings

DEFAULT_DIRECTORIES: Final = (Path(".contento"), demo_directory())

DirectoryOption = Annotated[
    Path | None, typer.Option(help="Directory of a running stack [default: .contento, then .contento/demo].")
]


def find_directory(directory: Path | None) -> Path:
    """Return the directory asked for, else the first default one in which a stack runs, else the first."""
    if directory is not None:
        return directory
    running = (each for each in DEFAULT_DIRECTORIES if running_environment(each) is not None)
    return next(running, DEFAULT_DIRECTORIES[0])


def find_settings(directory: Path | None) -> ScorerSettings:
    """Return the settings of the environment, completed by those of a stack that runs in the directory."""
    prefix = str(ScorerSettings.model_config["env_prefix"])
    running = running_environment(find_directory(directory)) or {}
    given: dict[str, Any] = {
        field: running[name]
        for field in ScorerSettings.model_fields
        for name in [f"{prefix}{field}".upper()]
        if running.get(name) and name not in os.environ
    }
    return ScorerSettings(**given)

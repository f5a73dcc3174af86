"""How commands find the stack that runs."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from contento.local.stack import Stack
from contento.scoring.settings import ScorerSettings

SETTINGS_FILE: Final = "contento.env"
DEFAULT_DIRECTORIES: Final = (Path(".contento"), Path(".contento/demo"))

DirectoryOption = Annotated[
    Path | None, typer.Option(help="Directory of a running stack [default: .contento, then .contento/demo].")
]


def remember(stack: Stack) -> Path:
    """Write the settings that point a command at a stack into the stack's directory."""
    file = stack.options.directory / SETTINGS_FILE
    file.write_text("".join(f"{name}={value}\n" for name, value in stack.environment.items()))
    file.chmod(0o600)  # addresses may hold passwords
    return file


def forget(stack: Stack) -> None:
    """Remove what `remember` wrote."""
    (stack.options.directory / SETTINGS_FILE).unlink(missing_ok=True)


def find_settings(directory: Path | None) -> ScorerSettings:
    """Return the settings of the environment, completed by those of a running stack's directory."""
    candidates = [directory] if directory else DEFAULT_DIRECTORIES
    file = next((d / SETTINGS_FILE for d in candidates if (d / SETTINGS_FILE).exists()), None)
    values: dict[str, Any] = {"_env_file": file}  # an argument that pydantic-settings adds to every constructor
    return ScorerSettings(**values)

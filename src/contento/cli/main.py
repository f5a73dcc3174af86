"""The command `contento`: mounts every sub-command and shows errors as a person reads them."""

import importlib
import sys
from typing import Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from contento.contracts.errors import ContentoError

_COMMANDS: Final = {
    "demo": "demo:demo",
    "up": "up:up",
    "score": "ask:score",
    "users": "ask:users",
    "explain": "explain:explain",
    "doctor": "doctor:doctor",
    "alerts": "alerts:alerts",
    "feed": "feed:feed",
    "simulate": "simulate:simulate",
    "mask": "mask:mask",
    "train": "train:train",
    "evaluate": "evaluate:app",
    "bench": "bench:app",
    "topics": "topics:app",
    "scorer": "scorer:scorer",
    "learner": "learner:learner",
}
"""Command name to `module:object` under `contento.cli`, in the order of the help page."""


class _LazyGroup(TyperGroup):
    """Imports a command's module when the command is asked for: torch and Faust take seconds to import."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        found = getattr(importlib.import_module(f"contento.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_command(found)
        else:
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(cmd_name)(found)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},
    help="Live satisfaction and rating scores from a stream of user events.",
)


@app.callback()
def _contento() -> None:
    """Live satisfaction and rating scores from a stream of user events."""


def run() -> None:
    """Run the command line; errors that a person can mend are shown without a traceback."""
    try:
        app(prog_name="contento")
    except ContentoError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {escape(str(error))}", highlight=False)
        sys.exit(1)

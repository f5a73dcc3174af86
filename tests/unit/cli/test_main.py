import importlib
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from contento.cli import main
from contento.contracts.errors import ContentoError


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["contento", *arguments])
    try:
        main.run()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def a_command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a function in the place of a command."""

    def put(function: Any) -> None:
        module = ModuleType("contento.cli.made")
        module.made = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "contento.cli.made", module)
        monkeypatch.setitem(main._COMMANDS, "made", "made:made")

    return put


def test_help_lists_every_command_in_order() -> None:
    shown = CliRunner().invoke(main.app, ["--help"], prog_name="contento")
    assert shown.exit_code == 0
    listed = [line.split()[0] for line in shown.output.split("Commands:")[1].splitlines() if line.strip()]
    assert [word for word in listed if word in main._COMMANDS] == list(main._COMMANDS)


@pytest.mark.parametrize("name", list(main._COMMANDS))
def test_every_command_can_be_loaded_and_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(main.app, [name, "--help"], prog_name="contento")
    assert shown.exit_code == 0, shown.output
    usage, about = shown.output.split("\n\n")[:2]
    assert usage.lstrip("\n").startswith(f"Usage: contento {name}")
    assert about.strip()


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch)
    said = capsys.readouterr()
    assert "doctor" in said.out + said.err


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "dmeo") == 2
    assert "dmeo" in capsys.readouterr().err


def test_an_unknown_option_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "doctor", "--nonsense") == 2
    assert "--nonsense" in capsys.readouterr().err


def test_an_error_is_shown_whole_and_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, a_command: Any
) -> None:
    message = "log.jsonl[3]: expected [red]one[/] of [a, b], found '[/]': " + "mend it and " * 30 + "try again"

    def fails() -> None:
        raise ContentoError(message)

    a_command(fails)
    assert run(monkeypatch, "made") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"error: {message}\n"


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch, a_command: Any) -> None:
    def fails() -> None:
        raise ZeroDivisionError("ours")

    a_command(fails)
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(monkeypatch, "made")


def test_the_help_page_imports_neither_torch_nor_faust() -> None:
    code = (
        "import sys; from contento.cli.main import run; sys.argv=['contento', 'topics', '--help']\n"
        "try: run()\n"
        "finally: print([m for m in ('torch', 'faust', 'transformers', 'tritonclient') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_names_an_object_that_is_there() -> None:
    for place in main._COMMANDS.values():
        module, name = place.split(":")
        assert hasattr(importlib.import_module(f"contento.cli.{module}"), name)

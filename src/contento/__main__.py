"""`python -m contento` is the command `contento`."""

from contento.cli.main import run

run()

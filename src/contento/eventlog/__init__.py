"""Contento's log files: events, feedback and what came of them, a JSON record a line."""

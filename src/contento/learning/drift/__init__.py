"""Monitors that see, early and quietly, that scores or inputs have changed. Pure."""

"""Scoring events: the pure core, and the Faust app round it."""

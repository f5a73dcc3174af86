"""Readers of data sets: `open_source("KIND:PATH?options")` gives events and feedback in time order."""

from contento.training.readers.opening import open_source

__all__ = ["open_source"]

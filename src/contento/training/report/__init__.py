"""The report of a training: one self-contained page."""

"""The demo: the embedded stack, a data set fed through it, and what came of it as seen from outside."""

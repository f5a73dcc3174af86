"""Calling a model: the Triton client, the in-process twin, and Triton's model repository."""

"""Triton: its model repository, the models in it, and the client."""

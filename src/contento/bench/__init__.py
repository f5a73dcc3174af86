"""Measuring on this machine: how fast the encoder and the scorer are, and what speed costs."""

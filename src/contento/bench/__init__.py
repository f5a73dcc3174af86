"""Measuring a bundle: how fast it is here, what speed costs, and whether what it says of itself is so."""

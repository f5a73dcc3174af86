"""Measurements of a bundle on data: how fast it is, and whether what it says of itself is so."""

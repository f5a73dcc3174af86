"""Satisfaction that falls, for an item, a topic or a segment, and the texts that say why. Pure."""

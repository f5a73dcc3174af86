"""Contento: live satisfaction and rating scores from a stream of user events."""

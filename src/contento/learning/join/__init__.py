"""Feedback finds the score that it judges, however late, in whatever order. Pure."""

"""Honest figures: ours beside baselines, on the same ratings, in the same order."""

"""A world of users and items that knows the truth."""

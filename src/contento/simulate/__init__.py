"""A world of users and items, in which everything is known: who is content, why, and what drifted when."""

"""The online rating model: what all ratings so far say of a bundle's answer, learned at every rating."""

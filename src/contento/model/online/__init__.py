"""The online rating model: exact steps at every rating, heavier parts fitted anew on the past now and then. Pure."""

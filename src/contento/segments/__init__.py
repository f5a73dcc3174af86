"""Users grouped by how the model sees them, as the stream goes, with names that last. Pure."""

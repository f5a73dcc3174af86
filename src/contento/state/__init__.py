"""Live state: what is kept per user, item and segment, in Redis or in memory."""

"""The learner as a process: Kafka and Redis round the core."""

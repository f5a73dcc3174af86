"""The embedded stack: a Kafka-protocol broker, Redis and Triton on loopback, supervised."""

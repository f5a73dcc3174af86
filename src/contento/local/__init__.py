"""The embedded stack: a Kafka-protocol broker, Redis and Triton on loopback, supervised."""

import logging

# What it logs about refused connections, our errors say; without a handler it would go to stderr.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())

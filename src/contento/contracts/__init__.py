"""The vocabulary: messages, topics, Redis keys, metrics, errors. Imports nothing else of Contento."""

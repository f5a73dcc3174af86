"""What every Kafka client of ours may run into."""

from contento.contracts.errors import ContentoError


class KafkaUnavailable(ContentoError):
    """No broker answers, or it refuses this client."""

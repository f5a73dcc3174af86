"""The Kafka header registry."""

from typing import Final

CONTENT_TYPE: Final = "content-type"
"""How a value is encoded: `application/protobuf` (default) or `application/json`."""
TRACEPARENT: Final = "traceparent"
"""W3C trace context, carried from an event to its score or dead letter."""

ERROR_CODE: Final = "contento-error-code"
"""Dead letters: the kind of fault, one of `contento.contracts.rejection.RejectionCode`."""
ERROR: Final = "contento-error"
"""Dead letters: the reason in words: field, expected, found."""
ERROR_FIELD: Final = "contento-error-field"
"""Dead letters: the field at fault; empty when the whole record is."""
SOURCE_TOPIC: Final = "contento-source-topic"
SOURCE_PARTITION: Final = "contento-source-partition"
SOURCE_OFFSET: Final = "contento-source-offset"
SOURCE_TIMESTAMP: Final = "contento-source-timestamp"
"""Dead letters: where the record lay, and its timestamp in unix milliseconds."""

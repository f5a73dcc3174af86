"""Where alerts go, and how an alert reads. Pure but for the sinks."""

"""Log lines, redaction and the clock: what every room above may use."""

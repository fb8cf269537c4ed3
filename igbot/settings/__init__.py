"""Settings: read once at the start, handed on as plain values."""

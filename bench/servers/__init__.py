"""Servers that take webhooks: igbot's own ingest path, parts of it exchanged, and the peers it is held against."""

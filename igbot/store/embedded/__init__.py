"""A private PostgreSQL server in the data directory, shared by every igbot process that uses the directory."""

"""A load generator in a process of its own: signed webhooks at full speed, or at a fixed rate."""

"""igbot answers a shop's Instagram Direct Messages by its owner's rules."""

__version__ = "0.1.0"

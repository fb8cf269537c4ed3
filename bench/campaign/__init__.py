"""The fault campaign: nothing lost, nothing doubled, everything in order, while everything goes wrong that can."""

from bench.campaign.command import main

__all__ = ["main"]

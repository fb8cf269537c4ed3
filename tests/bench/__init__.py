"""Tests of what measures igbot: that it counts right, never how fast anything is."""

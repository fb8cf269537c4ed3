"""Figures that anyone can repeat: `python -m bench [NAME …]`, and the fault campaign: `python -m bench campaign`."""

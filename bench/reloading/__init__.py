"""Reloads of rule folders of any size, in a process of their own."""

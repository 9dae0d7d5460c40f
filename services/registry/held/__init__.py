"""Held reports, which wait for a person."""

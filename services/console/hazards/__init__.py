"""Hazards: entry, correction, release to the public, and grants to other systems."""

"""Counts of groups: which counts are in effect, and the choices of people between differing counts."""

"""Rosters say who is on duty at which time."""

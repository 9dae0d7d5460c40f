"""Rosters: who is on duty at which time."""

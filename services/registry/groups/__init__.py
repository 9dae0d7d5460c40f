"""Counted groups: their movements, events and pages."""

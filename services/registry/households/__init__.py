"""Displaced households: their people, parts, positions, codes, events and pages."""

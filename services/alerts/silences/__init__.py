"""Silences: forms and pages."""

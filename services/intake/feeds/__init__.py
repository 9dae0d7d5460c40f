"""Reads the hazards of other institutions from polled feeds or from files, and publishes them as events."""

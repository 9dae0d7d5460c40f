"""Decides which reports need an alert, notifies the centre's receivers, and escalates until somebody answers."""

"""Duty numbers say which posts of which services are called in a unit or a locality."""

"""Reads hazards that other institutions publish as feeds or files, and publishes the hazards as events."""

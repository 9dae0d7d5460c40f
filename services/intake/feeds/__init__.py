"""Feeds: hazards of other institutions. Intake polls them or reads them from a file, and publishes them as events."""

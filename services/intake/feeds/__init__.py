"""Feeds: hazards that other institutions publish, read by polling or from a file, and published as our events."""

"""Feeds: what other institutions publish about hazards, read by polling or from a file, and told as our own events."""

"""The events because of which people left, as persons have answered."""

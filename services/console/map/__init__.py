"""The map of the operations room: its layers as GeoJSON, and its page."""

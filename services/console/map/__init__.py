"""The map of the operations room: the page, and the layers as GeoJSON."""

"""The expected intensity (MSK-64) of earthquakes in the districts."""

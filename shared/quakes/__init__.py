"""The intensity (MSK-64) with which earthquakes are expected to be felt in the districts."""

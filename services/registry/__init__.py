"""One record per displaced household, however many reports tell of it, and the figures that rest on them."""

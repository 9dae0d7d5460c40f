"""Places that reports name in words, and people's decisions about names of the same place."""

"""Places that reports name in words, and the decisions of people about names that mean the same place."""

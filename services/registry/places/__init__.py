"""Places that reports name in words, and the decisions of people which names mean the same place."""

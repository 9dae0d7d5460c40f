"""Sealing, keys, key rotation and randomness."""

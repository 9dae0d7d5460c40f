"""Sealing, keys and their rotation, randomness."""

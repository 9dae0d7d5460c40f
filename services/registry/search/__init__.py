"""The search for households by keys that reveal nothing without the root key."""

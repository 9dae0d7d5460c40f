"""The search for households by search keys, which reveal nothing without the root key."""

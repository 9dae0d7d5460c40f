"""The search for households by search keys. Without the root key, search keys reveal nothing."""

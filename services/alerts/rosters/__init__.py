"""A roster says who is on duty at which time."""

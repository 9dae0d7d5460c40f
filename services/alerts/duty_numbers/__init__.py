"""Manages duty numbers: whom to call, in which service, for a unit or a locality."""

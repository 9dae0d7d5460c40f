"""Shared by all services: the event contract and the infrastructure around it."""

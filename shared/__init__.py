"""All services share this package: the event contract and the infrastructure around it."""

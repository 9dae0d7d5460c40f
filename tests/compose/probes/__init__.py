"""Programs that run inside a service's container, as the service. The container has no tests: each is read as text."""

"""Programs that run in a service's container, with its rights. The image has no tests, so each is sent as text."""

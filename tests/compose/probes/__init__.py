"""Programs that run in a service's container. The image contains no tests, so each program is sent as text."""

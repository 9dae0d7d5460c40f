"""Programs that run in a service's container.

The image contains no tests. Each program is therefore sent into the container as text.
"""

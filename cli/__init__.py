"""The `dayar` command."""

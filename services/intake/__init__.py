"""Intake accepts, checks and seals reports, stores them safely, and only then answers the author."""

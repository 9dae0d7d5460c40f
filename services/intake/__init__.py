"""Intake checks and encrypts reports, and stores them in Kafka or on disk.

Intake answers the author only after the report is stored.
"""

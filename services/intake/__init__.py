"""Intake checks and encrypts reports, and stores them in Kafka or on disk.

The author gets the answer after the storage.
"""

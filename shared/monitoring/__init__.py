"""The findings and the status of `dayar watch`.

The status is in a file, so that people can read the status without Kafka and PostgreSQL.
"""

"""The findings and the status of `dayar watch`.

They are in a file, so that people can read them without Kafka and PostgreSQL.
"""

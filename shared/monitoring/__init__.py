"""The findings and the status of `dayar watch`.

The findings and the status are in a file, which can be read without Kafka and PostgreSQL.
"""

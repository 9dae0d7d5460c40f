"""The findings and the status of `dayar watch`. They are in a file, which can be read without Kafka and PostgreSQL."""

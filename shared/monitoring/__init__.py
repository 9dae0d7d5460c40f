"""The findings and the status of `dayar watch`, in a file that can be read without Kafka and PostgreSQL."""

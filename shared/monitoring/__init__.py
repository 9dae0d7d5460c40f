"""What `dayar watch` found and knows, in a file that can be read without Kafka and PostgreSQL."""

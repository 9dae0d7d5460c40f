"""Each module reads reports in one format, and raises an error for invalid bytes."""

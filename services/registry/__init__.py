"""The registry merges reports into one record per displaced household, and computes figures from the records."""

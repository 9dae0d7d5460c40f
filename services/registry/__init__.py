"""The registry: one record per displaced household, from any number of reports, and figures from these records."""

"""The registry makes one record per displaced household from any number of reports, and figures from the records."""

"""The registry makes one record per displaced household from any number of reports, and computes figures from them."""

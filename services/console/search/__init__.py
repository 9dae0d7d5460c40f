"""The search over all stored alerts, hazards, groups and sites, also of past years."""

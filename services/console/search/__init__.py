"""The search in all stored alerts, hazards, groups and sites, including past years."""

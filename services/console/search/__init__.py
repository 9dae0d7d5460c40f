"""The search over alerts, hazards, groups and sites, without a limit of time."""

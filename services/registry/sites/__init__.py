"""Sites where displaced people stay: the list, its changes, imports, movements and pages."""

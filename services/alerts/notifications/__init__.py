"""Who is notified of an alert: stages, each of which leaves out receivers and says why."""

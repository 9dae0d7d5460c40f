"""The steps, forms and pages of escalation policies."""

"""Escalation policies: their steps, forms and pages."""

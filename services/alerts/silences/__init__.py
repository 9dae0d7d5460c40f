"""Manages silences, with their forms and pages."""

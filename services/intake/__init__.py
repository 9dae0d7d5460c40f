"""Intake: accepts, checks and seals reports and hazards, and answers after they are stored safely."""

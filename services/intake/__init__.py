"""Intake: takes reports and hazards in, checks and seals them, and answers once they are safe."""

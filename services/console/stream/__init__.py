"""The event stream: its records, frames, positions and listeners."""

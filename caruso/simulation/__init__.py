"""Simulates a centre with the code that runs in production, on a clock of its own: a day in seconds."""

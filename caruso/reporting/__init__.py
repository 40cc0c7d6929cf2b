"""Runs the definitions in `reports/`."""

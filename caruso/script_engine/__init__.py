"""Loads, checks and runs XML dialog scripts. Knows no channel, no network, no database."""

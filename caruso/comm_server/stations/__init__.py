"""Agents' telephones that are not ours: confirmed by a key, called for each call, or kept open between calls."""

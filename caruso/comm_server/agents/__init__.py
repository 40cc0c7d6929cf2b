"""Agents' presence and desks."""

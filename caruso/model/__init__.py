"""Frozen values that every layer shares. No behaviour beyond what follows from the value itself."""

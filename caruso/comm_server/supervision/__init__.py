"""Supervision: who may see and touch what, listening to live calls, and what supervisors do besides."""

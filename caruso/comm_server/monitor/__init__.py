"""Projection of the journal's facts to live figures."""

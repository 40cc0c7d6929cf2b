"""Calls, agents, ACD and live monitor beside an Asterisk PBX."""

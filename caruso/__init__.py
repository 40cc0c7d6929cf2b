"""Caruso: a communication server for contact centres beside an Asterisk PBX."""

__version__ = "0.1.0"

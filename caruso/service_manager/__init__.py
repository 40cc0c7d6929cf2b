"""Registers and finds the services that scripts and front-office parts ask for."""

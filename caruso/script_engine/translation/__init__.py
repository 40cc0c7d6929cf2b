"""Texts of scripts for translators: taken out with stable ids, put back without touching anything else."""

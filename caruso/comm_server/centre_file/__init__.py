"""``centre.toml``: what may stand there, whether it is consistent, and the `Centre` it describes."""

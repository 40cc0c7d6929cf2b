"""The phone channel of dialog scripts: prompts and digits."""

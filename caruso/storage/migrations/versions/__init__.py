"""One module for each step, oldest first by its number."""

"""Recording of conversations: what is recorded when, and what becomes of it."""

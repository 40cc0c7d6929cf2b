"""Messages that callers leave: how they are recorded, kept, found and answered."""

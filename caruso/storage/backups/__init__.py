"""Back-ups: taken while the server works, verified, restored, and thrown away when they are old."""

"""What callers can have instead of waiting: a call-back that keeps their place."""

"""What demo, tests and benchmarks share: a real Asterisk, callers and phones on loopback. Not installed."""

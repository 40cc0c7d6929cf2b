"""What demo, tests and benchmarks share: a real Asterisk on loopback, SIP callers and phones. Not installed."""

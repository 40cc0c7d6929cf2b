"""How fast: SIP callers and phones on one clock, through Dial(), Queue() and Caruso on one Asterisk."""

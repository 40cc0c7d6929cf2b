"""How script runs are kept, and how what they order is carried out: the same for calls and for web pages."""

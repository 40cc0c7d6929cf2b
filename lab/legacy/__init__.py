"""The systems that were there before, for tests: an ERP, a billing, a directory; and wrappers in front of them."""

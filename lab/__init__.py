"""What demo, tests and benchmarks share. Not installed with the product."""

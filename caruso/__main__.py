"""``python -m caruso``."""

import sys

from caruso.cli import main

if __name__ == "__main__":
    sys.exit(main())

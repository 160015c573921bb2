"""``python -m underdog`` is the same as ``underdog``."""

import sys

from underdog.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

"""Makes this folder the place where `cases` is found, also from the folders below."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

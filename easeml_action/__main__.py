"""Makes ``python -m easeml_action`` the same as ``easeml``."""

import sys

from easeml_action.cli import main

sys.exit(main())

"""What the container starts."""

import sys

from easeml_action.action import main

sys.exit(main())

"""What the container starts."""

import sys

from easeml_action.seclusion import close_memory

close_memory()  # before anything else is imported

from easeml_action.action import main  # noqa: E402

sys.exit(main())

"""``python -m jobserver`` is the ``jobserver`` command."""

import sys

from jobserver.cli import main

sys.exit(main())

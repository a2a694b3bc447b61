"""``jobserver serve`` with leases of a second, so that three of them are a wait that a test can afford."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial

from jobserver import server
from jobserver.cli import main
from tests.faults.stops import LEASE

if __name__ == "__main__":
    server.Server = partial(server.Server, lease=timedelta(seconds=LEASE))  # type: ignore[misc,assignment] # `serve` takes no lease
    sys.exit(main(["serve"]))

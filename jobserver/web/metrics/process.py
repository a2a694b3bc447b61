"""What this process takes of its machine, under the names every Prometheus client uses."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

from jobserver.web.metrics.exposition import Family, Values

CPU = Family("process_cpu_seconds_total", "counter", "User and system time this process has used.")
RESIDENT = Family("process_resident_memory_bytes", "gauge", "Memory of this process that is in RAM.")
VIRTUAL = Family("process_virtual_memory_bytes", "gauge", "Address space of this process.")
OPEN_FDS = Family("process_open_fds", "gauge", "Files and connections this process has open.")
MAX_FDS = Family("process_max_fds", "gauge", "Files and connections this process may have open.")

FAMILIES = (CPU, RESIDENT, VIRTUAL, OPEN_FDS, MAX_FDS)

_PROCESS = Path("/proc/self")


def process_metrics() -> list[tuple[Family, Values]]:
    """Reads files: not for the event loop. Where there is no /proc, only what any Unix can say."""
    metrics: list[tuple[Family, Values]] = [(CPU, [((), time.process_time())])]
    try:
        virtual, resident = (_PROCESS / "statm").read_text().split()[:2]
        page = os.sysconf("SC_PAGE_SIZE")
        metrics += [(RESIDENT, [((), int(resident) * page)]), (VIRTUAL, [((), int(virtual) * page)])]
        metrics.append((OPEN_FDS, [((), sum(1 for _ in (_PROCESS / "fd").iterdir()) - 1)]))  # less the one that looks
    except OSError:
        pass
    return [*metrics, (MAX_FDS, [((), resource.getrlimit(resource.RLIMIT_NOFILE)[0])])]

"""What a server can be told: the table of settings, where they are read from, and the values they come to."""

from jobserver.config.config import Config, shown
from jobserver.config.env_file import read_env_file
from jobserver.config.loading import PREFIX, configured, load
from jobserver.config.queues import QueueRow
from jobserver.config.readers import port as read_port
from jobserver.config.settings import DEFAULT_SECRET, SETTINGS, Setting
from jobserver.config.stores import store_file

__all__ = [
    "DEFAULT_SECRET",
    "PREFIX",
    "SETTINGS",
    "Config",
    "QueueRow",
    "Setting",
    "configured",
    "load",
    "read_env_file",
    "read_port",
    "shown",
    "store_file",
]

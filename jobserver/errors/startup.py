"""Why the server does not start."""

from __future__ import annotations

from jobserver.errors.base import JobserverError


class StartupError(JobserverError):
    """The server cannot start."""

    code = "startup_error"


class BadSetting(StartupError):
    """A setting has a value that cannot be used."""

    code = "bad_setting"


class WeakSecret(StartupError):
    """CLIQ_SECRET is too weak to be reachable by others."""

    code = "weak_secret"


class UnusableStore(StartupError):
    """The store cannot be used."""

    code = "unusable_store"


class MissingExtra(StartupError):
    """An optional part of jobserver is not installed."""

    code = "missing_extra"

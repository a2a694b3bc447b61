"""Values read from the environment or from a program, with help for whoever mistypes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from jobserver.config.config import Config
from jobserver.config.queues import QueueRow
from jobserver.config.settings import SETTINGS, Setting
from jobserver.errors import BadSetting

PREFIX = "JOBSERVER_"

# What Kubernetes sets in the pods beside a Service called jobserver, next to JOBSERVER_PORT=tcp://address:port.
_OF_A_SERVICE = (f"{PREFIX}SERVICE_", f"{PREFIX}PORT_")


def load(environment: Mapping[str, str]) -> Config:
    """Read the settings. ``JOBSERVER_PORT`` is the same as ``PORT`` and wins.

    What Kubernetes says of a Service called jobserver, under names that begin like ours, is passed over.
    Raises BadSetting, with a suggestion, for a ``JOBSERVER_…`` name that is none, for a value that cannot be read and
    for values that cannot go together.
    """
    _check_names(environment)
    values = {setting.field: _read(setting, text) for setting in SETTINGS if (text := _find(setting, environment))}
    if "CLIQ_SECRET" in environment or PREFIX + "CLIQ_SECRET" in environment:
        values.setdefault("cliq_secret", ())  # set but empty: never the published default
    if values.get("render"):
        values.setdefault("host", "0.0.0.0")  # noqa: S104 - Render routes to it
    return _checked(Config(**values))


def configured(base: Config, values: Mapping[str, object]) -> Config:
    """``base`` with ``values`` in their place, by the names of its fields; each is read as its setting's text is.

    Raises BadSetting as `load` does.

    >>> configured(Config(), {"concurrency": 4, "allow_unsigned": True}).concurrency
    4
    """
    by_field = {setting.field: setting for setting in SETTINGS}
    for name in values.keys() - by_field.keys():
        raise _unknown(name, by_field)
    read = {name: _read(by_field[name], _as_text(by_field[name], value)) for name, value in values.items()}
    return _checked(replace(base, **read))


def _as_text(setting: Setting, value: object) -> str:
    if value is None:
        return "auto"
    if isinstance(value, list | tuple) and any(isinstance(each, QueueRow) for each in value):
        return ";".join(map(str, value))
    if setting.unit == "octal" and isinstance(value, int):
        return f"{value:o}"  # 0o660 is the number that 660 stands for
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else str(value)


def _find(setting: Setting, environment: Mapping[str, str]) -> str:
    ours = environment.get(PREFIX + setting.name, "")
    if setting.name == "PORT" and ours.startswith("tcp://"):
        ours = ""  # Kubernetes
    return ours or environment.get(setting.name, "")


def _checked(config: Config) -> Config:
    """``config``, if its values go together: one result never takes the room of all the others."""
    if config.max_result_bytes > config.max_store_bytes / 2:
        raise BadSetting("MAX_RESULT_BYTES must be at most half of MAX_STORE_BYTES.")
    return config


def _read(setting: Setting, text: str) -> Any:
    try:
        return setting.read(text)
    except ValueError as error:
        # The value itself is not repeated: it may be a secret in the wrong place.
        raise BadSetting(f"{setting.name} cannot be used: {error}.") from None


def _check_names(environment: Mapping[str, str]) -> None:
    known = [PREFIX + setting.name for setting in SETTINGS]
    for name in environment:
        if name.startswith(PREFIX) and not name.startswith(_OF_A_SERVICE) and name not in known:
            raise _unknown(name, known)


def _unknown(name: str, known: Iterable[str]) -> BadSetting:
    near = difflib.get_close_matches(name, list(known), n=1)
    return BadSetting(f"There is no setting {name}." + (f" Did you mean {near[0]}?" if near else ""))

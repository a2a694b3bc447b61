"""Every example in a docstring is true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import jobserver


def test_the_examples_in_docstrings_are_true():
    tried = 0
    for module in pkgutil.walk_packages(jobserver.__path__, "jobserver."):
        if module.name != "jobserver.__main__":
            failed, attempted = doctest.testmod(importlib.import_module(module.name))
            assert failed == 0, module.name
            tried += attempted
    assert tried > 10

"""Requests that are none, that two servers could read as two, or that write into the log."""

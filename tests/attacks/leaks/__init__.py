"""Secrets that would be known again anywhere, and a server that is asked for everything there is."""

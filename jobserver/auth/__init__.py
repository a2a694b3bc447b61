"""Bytes in, a caller or ``Unauthorized`` out; no request object."""

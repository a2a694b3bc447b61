"""Forged requests: what somebody has signed, altered in all the ways a forger may think of."""

"""Peers that drip, stall and vanish, and what healthy ones notice of them."""

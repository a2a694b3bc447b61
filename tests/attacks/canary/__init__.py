"""Every way out of a page, tried in a network where each packet is counted."""

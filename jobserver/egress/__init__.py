"""The only way out: which addresses may be visited, and visiting them."""

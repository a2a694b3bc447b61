"""URLs that lead where they must not, tried at every door: submitted, fetched, redirected to, linked, proxied."""

"""The durable engine: what the memory engine does, on disk before anybody hears of it."""

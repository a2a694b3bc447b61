"""How the server does, in numbers."""

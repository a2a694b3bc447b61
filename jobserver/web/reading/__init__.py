"""What a request says, read strictly: bodies, members, parameters, headers."""

"""A page in, its UI components out."""

"""Pages that crash, hang, hog and flood, and what is left of them."""

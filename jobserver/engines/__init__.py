"""What keeps jobs and hands them out; siblings never import each other."""

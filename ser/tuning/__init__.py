"""Search for better settings of a study: objective, search, spaces, the file of the result."""

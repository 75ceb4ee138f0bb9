"""The search for better settings: objective, search, spaces, the file of the result."""

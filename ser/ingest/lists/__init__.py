"""Lists of recordings: a table in which each row names a file, its emotion, and more."""

"""Published archives of a corpus: fetched, checked, unpacked and added to its folder."""

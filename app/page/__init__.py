"""The web page: what it shows, its words and pictures, and the recordings and models behind it."""

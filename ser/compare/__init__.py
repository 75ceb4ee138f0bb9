"""Two runs compared: intervals, the page of differences, an older revision run anew."""

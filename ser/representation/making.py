"""A representation of every utterance: the table or the array that an extraction stage writes."""

"""From a folder of recordings to the table of utterances: survey, decoding, counts, inventory, download."""

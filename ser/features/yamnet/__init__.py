"""YAMNet: its input, its network, and what a study takes of them."""

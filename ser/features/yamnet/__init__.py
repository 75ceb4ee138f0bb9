"""YAMNet: its input, its network, and two representations that use them."""

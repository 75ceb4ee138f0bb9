"""Speech emotion recognition: one module per noun of the field."""

"""Names of networks, by system and by input."""

SYSTEM_B = ("cnn_gru", "cnn_lstm", "cnn_lstm_regularized")
ON_LOG_MEL = (*SYSTEM_B, "cnn_lstm_compact", "cnn", "lstm", "gru", "attention")

"""Unfitted models by name."""

# Said here, so that telling a network from a classifier imports no Keras: that takes seconds.
NEURAL = (
    *("cnn_gru", "cnn_lstm", "cnn_lstm_compact", "cnn_lstm_regularized", "conv_bilstm"),
    *("cnn", "lstm", "gru", "dnn", "attention", "tuned_yamnet"),
)
ENSEMBLE = "ensemble"

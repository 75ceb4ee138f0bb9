"""Recognition with trained models: recordings in, emotions out; foreign Keras files; export."""

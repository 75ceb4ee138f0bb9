"""Names that the configuration of a Keras network may hold: layers, activations, initial values and settings."""

HDF5 = (".h5", ".hdf5")  # endings of files
MODELS = ("Functional", "Sequential", "Model")
SPATIAL = (  # for 1, 2 and 3 axes
    *("Conv{}D", "Conv{}DTranspose", "AveragePooling{}D", "MaxPooling{}D", "GlobalAveragePooling{}D"),
    *("GlobalMaxPooling{}D", "Cropping{}D", "SpatialDropout{}D", "UpSampling{}D", "ZeroPadding{}D"),
)
LAYERS = {
    *(name.format(axes) for name in SPATIAL for axes in (1, 2, 3)),
    *("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
    *("InputLayer", "Dense", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
    *("Dropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization"),
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "Normalization"),
    *("LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"),
    *("Bidirectional", "TimeDistributed", "Masking", "MultiHeadAttention"),
    *("Flatten", "Reshape", "Permute", "RepeatVector", "Identity"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
}
DIVIDED = ("Depthwise", "Separable")  # convolutions of each channel alone, whose settings differ
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN")
# Of keras.ops: those in the networks of this project, and those that Keras 3 writes for masks.
OPERATIONS = {
    *("Add", "Mean", "Sqrt", "Var"),
    *("NotEqual", "Any", "All", "LogicalAnd", "LogicalOr", "Squeeze", "ExpandDims"),
}
ACTIVATIONS = {
    *("celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_swish", "leaky_relu", "linear"),
    *("log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "swish"),
    "tanh",
}
# They have no effect on predictions, but a file that names others may need code that is not known.
KNOWN = {
    "_initializer": {
        *("zeros", "ones", "constant", "randomnormal", "randomuniform", "truncatednormal", "variancescaling"),
        *("glorotnormal", "glorotuniform", "henormal", "heuniform", "lecunnormal", "lecununiform", "orthogonal"),
        "identity",
    },
    "_regularizer": {"l1", "l2", "l1l2", "orthogonalregularizer"},
    "_constraint": {"maxnorm", "minmaxnorm", "nonneg", "unitnorm"},
}
DTYPES = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
PARTS = ("layer", "backward_layer", "cell")  # settings that are layers
# Settings that are not kept: they have no effect on predictions, or Keras 3 finds them itself.
DROPPED = {
    *("batch_input_shape", "fused", "implementation", "input_dim", "input_dtype", "input_length", "key_shape"),
    *("noise_shape", "query_shape", "seed", "unroll", "value_shape", "virtual_batch_size"),
}
ONLY_FALSE = {"optional", "ragged", "renorm", "softmax_robust_masking", "sparse", "stateful", "time_major"}
OLD_HARD_SIGMOID = "hard_sigmoid_of_keras_2"  # its slope is 1/5 and not 1/6

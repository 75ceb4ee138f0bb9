"""Configurations of Keras networks: known layers with plain values are written anew, all else is refused."""

from typing import Any

import pytest

from ser.models.keras_config import Refused, Rewriter


def layer(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": "x", **config}}


def rewritten(one: Any, *, keras_2: bool = True, **own: str) -> dict[str, Any]:
    """The configuration of a layer in a sequential network."""
    whole = {"class_name": "Sequential", "config": {"name": "all", "layers": [one]}}
    return Rewriter(keras_2, own).network(whole)["config"]["layers"][0]


def test_only_the_allowed_parts_are_kept() -> None:
    given = layer("Dense", units=3, activation="relu", kernel_initializer={"class_name": "HeNormal", "config": {}})
    given["config"] |= {"kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.1}}, "dtype": "float32"}
    given |= {"module": "keras.layers", "build_config": {"input_shape": [1]}, "compile_config": {"loss": "any"}}
    config = {"name": "x", "units": 3, "activation": "relu", "kernel_initializer": "zeros", "dtype": "float32"}
    assert rewritten(given) == {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": config,
        "registered_name": None,
    }


LAMBDA = layer("Lambda", function="any")
FUNCTION = {"class_name": "function", "module": "os", "config": "system", "registered_name": "system"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (LAMBDA, "holds Lambda layers"),
        (layer("Embedding"), "holds Embedding layers"),
        (layer("StringLookup", vocabulary="/etc/passwd"), "holds StringLookup layers"),
        (layer("TimeDistributed", layer=LAMBDA), "holds Lambda layers"),
        (layer("Bidirectional", layer=layer("LSTM"), backward_layer=LAMBDA), "holds Lambda layers"),
        (layer("RNN", cell=layer("ResidualWrapper", residual_fn_type="lambda")), "holds ResidualWrapper layers"),
        (layer("RNN", cell=layer("LSTMCell", residual_fn=["code"])), r"LSTMCell\.residual_fn, which could be code"),
        (layer("StackedRNNCells", cells=[LAMBDA]), "holds Lambda layers"),
        (layer("Sequential", layers=[LAMBDA]), "holds Lambda layers"),
        (layer("Dense") | {"module": "os"}, "holds Dense of os"),
        (layer("Dense") | {"module": "keras_of_others"}, "holds Dense of keras_of_others"),
        (layer("Dense") | {"registered_name": "ser>TimeFrequencyMask"}, "holds ser>TimeFrequencyMask"),
        (FUNCTION, "holds system of os"),
        (layer("Dense", activation=FUNCTION), r"Dense\.activation is 'system'; wanted one of celu"),
        (layer("Dense", activation="os.system"), r"Dense\.activation is 'os\.system'"),
        (layer("LSTM", recurrent_activation={"class_name": "__lambda__"}), r"LSTM\.recurrent_activation is"),
        (layer("Dense", activation=LAMBDA), r"Dense\.activation is"),
        (layer("Dense", kernel_initializer={"class_name": "Mine"}), r"Dense\.kernel_initializer is 'Mine'"),
        (layer("Dense", kernel_initializer=FUNCTION), r"Dense\.kernel_initializer is 'function'"),
        (layer("Dense", bias_regularizer="mine"), r"Dense\.bias_regularizer is 'mine', which is not part of Keras"),
        (layer("Dense", kernel_constraint=FUNCTION), r"Dense\.kernel_constraint is 'function'"),
        (layer("Dense", dtype=layer("Mine") | {"config": {"name": "int4"}}), r"Dense\.dtype is 'int4'"),
        (layer("Dense", units=LAMBDA), r"Dense\.units is an object of class 'Lambda'; wanted a plain value"),
        (layer("Reshape", target_shape=[1, [FUNCTION]]), r"Reshape\.target_shape is an object of class 'function'"),
        (layer("Masking", mask_value={"class_name": "__tensor__"}), "object of class '__tensor__'"),
        (layer("LSTM", stateful=True), r"LSTM\.stateful is True; wanted False"),
        (layer("LSTM", time_major=True), r"LSTM\.time_major is True; wanted False"),
        (layer("DepthwiseConv2D", groups=2), r"DepthwiseConv2D\.groups is 2; wanted 1"),
        ({"class_name": ["Dense"], "config": {}}, "damaged"),
        ({"class_name": "Dense", "config": None}, "damaged"),
        ({"class_name": "Dense"}, "damaged"),
        ("Dense", "damaged"),
    ],
)
@pytest.mark.parametrize("keras_2", [True, False])
def test_any_other_part_is_refused(given: Any, named: str, keras_2: bool) -> None:
    with pytest.raises(Refused, match=named):
        rewritten(given, keras_2=keras_2)


def graph(*, inbound: Any, **changes: Any) -> dict[str, Any]:
    first = layer("InputLayer", batch_input_shape=[None, 2]) | {"name": "in", "inbound_nodes": []}
    last = layer("Dense", units=1) | {"name": "out", "inbound_nodes": inbound}
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["out", 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "all", "layers": [first, last], **ends, **changes}}


@pytest.mark.parametrize("called", [[[["in", 0, 0, {}]]], [[["in", 0, 0]]]])
def test_calls_of_keras_2_are_written_in_the_form_of_keras_3(called: Any) -> None:
    found = Rewriter(True, {}).network(graph(inbound=called))["config"]
    tensor = {"shape": [], "dtype": "float32", "keras_history": ["in", 0, 0]}
    expected = {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}
    assert found["layers"][1]["inbound_nodes"] == [expected]
    assert (found["input_layers"], found["output_layers"]) == (["in", 0, 0], ["out", 0, 0])


@pytest.mark.parametrize(
    ("whole", "named"),
    [
        (graph(inbound=[{"args": [LAMBDA], "kwargs": {}}]), "argument of a layer is an object of class 'Lambda'"),
        (graph(inbound=[{"args": [], "kwargs": {"a": [FUNCTION]}}]), "argument of a layer is an object of class"),
        (graph(inbound=[[["in", 0, 0, {"mask": FUNCTION}]]]), "argument of a layer is an object of class"),
        (graph(inbound=[[["_CONSTANT_VALUE", -1, "x", {}]]]), "does not name the output of a layer"),
        (graph(inbound=[[{}]]), "damaged"),
        (graph(inbound=5), "damaged"),
        (graph(inbound=[], output_layers=[{"a": LAMBDA}]), "damaged"),
        (graph(inbound=[], layers=[layer("Dense") | {"name": "a", "inbound_nodes": []}] * 2), "the same name"),
        (layer("Dense"), "network is of class 'Dense'; wanted Functional or Sequential or Model"),
        ([], "damaged"),
    ],
)
def test_a_graph_with_any_other_part_is_refused(whole: Any, named: str) -> None:
    with pytest.raises(Refused, match=named):
        Rewriter(True, {}).network(whole)


def test_own_layers_are_taken_where_they_are_given_and_hold_plain_values() -> None:
    one = layer("Mask", width=3) | {"module": "any", "registered_name": "any>Mask"}
    assert rewritten(one, Mask="ser>Mask")["registered_name"] == "ser>Mask"
    with pytest.raises(Refused, match="any>Mask"):
        rewritten(one)
    with pytest.raises(Refused, match="width is an object"):
        rewritten(layer("Mask", width=LAMBDA), Mask="ser>Mask")


def test_gru_layers_of_the_first_releases_of_keras_2_have_one_bias() -> None:
    assert rewritten(layer("GRU", units=2))["config"]["reset_after"] is False
    assert "reset_after" not in rewritten(layer("GRU", units=2), keras_2=False)["config"]

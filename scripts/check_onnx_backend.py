#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs ONNX's backend node tests through `qbound run` and compares the outputs.

Development only: needs python3-onnx, numpy and the test data (Debian: libonnx-testdata). For each operator that qbound lists it says how
many tests match, and of the others why not. The first input of floating point type is the network's input; all others become
initializers. A batch is cut to its first sample where the operator needs the batch axis.

    check_onnx_backend.py build/qbound [/usr/share/libonnx-testdata/data/node]
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

TOLERANCE = 1e-5


def load_tensor(path, value_info):
    tensor = onnx.TensorProto()
    try:
        tensor.ParseFromString(path.read_bytes())
        return numpy_helper.to_array(tensor)
    except Exception:  # optional and sequence values
        return None


SEVERAL_COMPUTED = {"Add", "Sub", "Mul", "Sum", "Concat"}


def join_inputs(model, inputs):
    """One input that holds the entries of all, split and reshaped into them: for operators of several computed values."""
    graph = model.graph
    names = [value.name for value in graph.input]
    element = graph.input[0].type.tensor_type.elem_type
    sizes = np.array([value.size for value in inputs], dtype=np.int64)
    nodes = [helper.make_node("Split", ["all", "sizes"], [f"part{k}" for k in range(len(inputs))], axis=0)]
    graph.initializer.append(numpy_helper.from_array(sizes, "sizes"))
    for k, value in enumerate(inputs):
        graph.initializer.append(numpy_helper.from_array(np.array(value.shape, dtype=np.int64), f"shape{k}"))
        nodes.append(helper.make_node("Reshape", [f"part{k}", f"shape{k}"], [names[k]]))
    nodes += list(graph.node)
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("all", element, [int(sizes.sum())]))
    return model, np.concatenate([value.ravel() for value in inputs]).astype(np.float64), "all"


def prepare(model, inputs, cut):
    """The model with one input, that input's array, and its name; None if there is no input of floating point type."""
    graph = model.graph
    if len(graph.node) == 1 and graph.node[0].op_type in SEVERAL_COMPUTED and len(inputs) > 1 and not cut:
        return join_inputs(model, inputs)
    chosen = next((k for k, x in enumerate(inputs) if x is not None and x.dtype in (np.float32, np.float64)), None)
    if chosen is None or any(x is None for x in inputs):
        return None
    names = [value.name for value in graph.input]
    x = inputs[chosen][:1] if cut and inputs[chosen].ndim else inputs[chosen]
    for name, value in list(zip(names, inputs)):
        if name != names[chosen]:
            graph.initializer.append(numpy_helper.from_array(value, name))
    data = next(value for value in graph.input if value.name == names[chosen])
    data.type.CopyFrom(helper.make_tensor_type_proto(data.type.tensor_type.elem_type, x.shape))
    del graph.output[1:]
    return model, x.astype(np.float64), names[chosen]


def attempt(qbound, folder, cut, scratch):
    model = onnx.load(str(folder / "model.onnx"))
    data = folder / "test_data_set_0"
    count = len(model.graph.input)
    inputs = [load_tensor(data / f"input_{k}.pb", None) for k in range(count)]
    expected = load_tensor(data / "output_0.pb", None)
    prepared = prepare(model, inputs, cut)
    if prepared is None or expected is None:
        return "no input or output of floating point type"
    model, x, name = prepared
    if cut:
        expected = expected[:1] if expected.ndim else expected
    model_path, x_path, y_path = scratch / "m.onnx", scratch / "x.npy", scratch / "y.npy"
    onnx.save(model, str(model_path))
    np.save(x_path, x)
    shape = ",".join(str(extent) for extent in x.shape) or "1"
    command = [qbound, "run", str(model_path), "--data", str(x_path), "-o", str(y_path), "-q", "--weights-only"]
    if x.ndim > 0:
        command += ["--input-shape", f"{name}:{shape}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return re.sub(r"^qbound: \S*: ", "", done.stderr.strip())
    y = np.load(y_path)
    if y.size != expected.size:
        return f"{y.size} values where {expected.size} are expected"
    error = np.max(np.abs(y.ravel() - expected.ravel()) / np.maximum(1, np.abs(expected.ravel()))) if y.size else 0
    return "" if error <= TOLERANCE else f"WRONG by {error:.2e}"


def main():
    qbound = sys.argv[1]
    root = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/usr/share/libonnx-testdata/data/node")
    supported = set(json.loads(subprocess.run([qbound, "inspect", "--operators", "--format", "json"], capture_output=True,
                                              text=True).stdout)["operators"])
    matched, refused, wrong = collections.Counter(), collections.defaultdict(list), []
    with tempfile.TemporaryDirectory() as scratch:
        for folder in sorted(root.iterdir()):
            try:
                model = onnx.load(str(folder / "model.onnx"))
            except Exception:
                continue
            operators = {node.op_type for node in model.graph.node}
            # The normalisations at the end are taken off by design, and half precision is read as exact.
            if not operators & supported or operators & {"Softmax", "LogSoftmax"} or "FLOAT16" in folder.name:
                continue
            operator = next(node.op_type for node in model.graph.node if node.op_type in supported)
            result = attempt(qbound, folder, False, pathlib.Path(scratch))
            if result and not result.startswith("WRONG"):
                result = attempt(qbound, folder, True, pathlib.Path(scratch)) and result
            if not result:
                matched[operator] += 1
            elif result.startswith("WRONG") or "values where" in result:
                wrong.append((folder.name, result))
            else:
                refused[operator].append((folder.name, result))
    for operator in sorted(supported):
        print(f"{operator:20} {matched[operator]:4} match {len(refused[operator]):4} refused")
        for name, reason in refused[operator]:
            print(f"    {name}: {reason[:160]}")
    for name, result in wrong:
        print(f"WRONG {name}: {result}")
    print(f"{sum(matched.values())} match, {sum(map(len, refused.values()))} refused, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

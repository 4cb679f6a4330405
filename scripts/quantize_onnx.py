#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stores an ONNX model's weights as int8 with DequantizeLinear, as deployment tools export them (QDQ).

Development only: needs python3-onnx and numpy. Weights of Conv and of Gemm and MatMul become symmetric int8, one scale per tensor or per
output channel; with --activations the input of each of these nodes is quantized and dequantized too, to the given range.

    quantize_onnx.py model.onnx model_qdq.onnx [--per-channel] [--activations 8]
    qbound model.onnx --quantized model_qdq.onnx --input-range 0,1
"""
import argparse

import numpy as np
import onnx
from onnx import helper, numpy_helper


def quantized(weight, axis):
    """int8 values and float32 scales of a weight; axis None: one scale."""
    others = None if axis is None else tuple(k for k in range(weight.ndim) if k != axis)
    largest = np.max(np.abs(weight), axis=others, keepdims=others is not None)
    scale = np.maximum(largest / 127, np.finfo(np.float32).tiny).astype(np.float32)
    values = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
    return values, scale.reshape(-1) if axis is not None else scale.reshape(())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("output")
    parser.add_argument("--per-channel", action="store_true")
    parser.add_argument("--activations", type=float, metavar="LIMIT", help="quantize activations to [-LIMIT, LIMIT]")
    arguments = parser.parse_args()
    model = onnx.load(arguments.model)
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm", "MatMul") and node.input[1] in tensors:
            stored = tensors[node.input[1]]
            transposed = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
            axis = None if not arguments.per_channel else 0 if node.op_type == "Conv" or transposed else 1
            values, scale = quantized(numpy_helper.to_array(stored), axis)
            name = stored.name
            graph.initializer.remove(stored)
            graph.initializer.extend([numpy_helper.from_array(values, name + ".q"), numpy_helper.from_array(scale, name + ".scale"),
                                      numpy_helper.from_array(np.zeros(scale.shape, np.int8), name + ".zero_point")])
            attributes = {} if axis is None else {"axis": axis}
            nodes.append(helper.make_node("DequantizeLinear", [name + ".q", name + ".scale", name + ".zero_point"], [name],
                                          name=name + ".dequantize", **attributes))
            if arguments.activations is not None:
                source = node.input[0]
                prefix = f"{node.output[0]}.input"
                step = np.float32(arguments.activations / 127).reshape(())
                graph.initializer.extend([numpy_helper.from_array(step, prefix + ".scale"),
                                          numpy_helper.from_array(np.int8(0).reshape(()), prefix + ".zero_point")])
                parameters = [prefix + ".scale", prefix + ".zero_point"]
                nodes.append(helper.make_node("QuantizeLinear", [source, *parameters], [prefix + ".q"], name=prefix + ".quantize"))
                nodes.append(helper.make_node("DequantizeLinear", [prefix + ".q", *parameters], [prefix], name=prefix + ".dequantize"))
                node.input[0] = prefix
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, arguments.output)


if __name__ == "__main__":
    main()

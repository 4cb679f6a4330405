#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Evaluates a network manifest in float64, written from the operators' definitions and independent of the C++ code.

    reference_forward.py MANIFEST x.npy y.npy     evaluate on the inputs of x.npy (one, or N of them) and write N x output shape
    reference_forward.py MANIFEST --random N x.npy y.npy [--seed S]
                                                  draw N inputs from the manifest's box, write them to x.npy, evaluate
    reference_forward.py --compare y.npy z.npy    print the largest difference, relative to the largest entry of y

Development only: compares `qbound run` with a second implementation. Needs NumPy, nothing else. It is slow and makes no attempt not to be:
every operator is the plain formula. BatchNormalization is never folded, so agreement also checks the folding (to rounding).
"""
import argparse
import itertools
import json
import math
import pathlib

import numpy as np


class Manifest:
    def __init__(self, path):
        self.folder = pathlib.Path(path).parent
        self.document = json.loads(pathlib.Path(path).read_text())
        self.tensors = {name: self.read(value) for name, value in self.document.get("tensors", {}).items()}

    def read(self, value):
        if isinstance(value, str):
            return self.tensors[value]
        if isinstance(value, dict) and "npy" in value:
            return np.load(self.folder / value["npy"]).astype(np.float64)
        if isinstance(value, dict):
            return np.array(value["data"], dtype=np.float64).reshape(value["shape"])
        return np.array(value, dtype=np.float64)

    def box(self):
        """Lower and upper limits, each of the input's shape."""
        shape = tuple(self.document["input"]["shape"])
        limits = []
        for key in ("lower", "upper"):
            value = self.read(self.document["input"][key])
            if value.ndim == 1 and value.shape != shape:
                value = value.reshape((-1,) + (1,) * (len(shape) - 1))
            limits.append(np.broadcast_to(value, shape))
        return limits


def per_channel(values, x):
    """A parameter of one value, or one per channel, shaped for broadcasting with x (batch first)."""
    values = np.asarray(values, dtype=np.float64)
    if values.size == 1:
        return values.reshape((1,) * x.ndim)
    return values.reshape((1, -1) + (1,) * (x.ndim - 2))


def windows(node, x, kernel):
    """For each spatial axis the list, per output, of the taps' positions in the input (padding: outside 0..n-1)."""
    spatial = x.ndim - 2
    strides = node.get("strides", [1] * spatial)
    dilations = node.get("dilations", [1] * spatial)
    pads = list(node.get("pads", [0] * (2 * spatial)))
    auto_pad = node.get("auto_pad", "NOTSET")
    result, padding = [], []
    for a in range(spatial):
        n, k, s, d = x.shape[2 + a], kernel[a], strides[a], dilations[a]
        begin, end = pads[a], pads[spatial + a]
        reach = (k - 1) * d + 1
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            total = max((math.ceil(n / s) - 1) * s + reach - n, 0)
            begin = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
            end = total - begin
        starts = []
        start = -begin
        # Every window that fits; with ceil_mode also those that overhang the end, if they begin before the padding at the end.
        while start + reach <= n + end or (node.get("ceil_mode", 0) and auto_pad == "NOTSET" and start + reach < n + end + s):
            if node.get("ceil_mode", 0) and start >= n:
                break
            starts.append(start)
            start += s
        result.append([[first + t * d for t in range(k)] for first in starts])
        padding.append((begin, end))
    return result, padding


def conv(node, x, weight, bias):
    groups = node.get("group", 1)
    taps, _ = windows(node, x, weight.shape[2:])
    out = np.zeros((x.shape[0], weight.shape[0]) + tuple(len(t) for t in taps))
    per_group_in, per_group_out = x.shape[1] // groups, weight.shape[0] // groups
    for offset in itertools.product(*(range(k) for k in weight.shape[2:])):
        source, valid = [], []
        for a, t in enumerate(offset):
            positions = np.array([w[t] for w in taps[a]])
            inside = (positions >= 0) & (positions < x.shape[2 + a])
            source.append(positions[inside])
            valid.append(np.flatnonzero(inside))
        if any(len(v) == 0 for v in valid):
            continue
        picked = x[np.ix_(range(x.shape[0]), range(x.shape[1]), *source)]
        for g in range(groups):
            w = weight[(slice(g * per_group_out, (g + 1) * per_group_out), slice(None)) + offset]
            part = np.tensordot(picked[:, g * per_group_in:(g + 1) * per_group_in], w, axes=([1], [1]))
            part = np.moveaxis(part, -1, 1)
            out[np.ix_(range(x.shape[0]), range(g * per_group_out, (g + 1) * per_group_out), *valid)] += part
    return out if bias is None else out + per_channel(bias, out)


def pool(node, x, reduce):
    """reduce(real entries of the window as rows, taps inside input and padding) for each window."""
    taps, padding = windows(node, x, node["kernel_shape"])
    out = np.zeros(x.shape[:2] + tuple(len(t) for t in taps))
    for o in itertools.product(*(range(len(t)) for t in taps)):
        window = [taps[a][o[a]] for a in range(len(taps))]
        real = [[p for p in w if 0 <= p < x.shape[2 + a]] for a, w in enumerate(window)]
        padded = math.prod(sum(-padding[a][0] <= p < x.shape[2 + a] + padding[a][1] for p in w) for a, w in enumerate(window))
        entries = x[np.ix_(range(x.shape[0]), range(x.shape[1]), *real)].reshape(x.shape[0], x.shape[1], -1)
        out[(slice(None), slice(None)) + o] = reduce(entries, padded)
    return out


def pad(node, x):
    pads, rank = node["pads"], x.ndim
    axes = len(pads) // 2
    missing = rank - axes
    pairs = [(0, 0)] * missing + [(pads[a], pads[a + axes]) for a in range(axes)]
    mode = node.get("mode", "constant")
    if mode == "constant":
        return np.pad(x, pairs, constant_values=node.get("value", 0.0))
    return np.pad(x, pairs, mode=mode)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def softplus(t):
    return np.logaddexp(t, 0)


ACTIVATIONS = {
    "Relu": lambda n, t: np.maximum(t, 0),
    "Clip": lambda n, t: np.minimum(np.maximum(t, n.get("min", -np.inf)), n.get("max", np.inf)),
    "LeakyRelu": lambda n, t: np.where(t < 0, n.get("alpha", 0.01) * t, t),
    "Sigmoid": lambda n, t: sigmoid(t),
    "Tanh": lambda n, t: np.tanh(t),
    "HardSwish": lambda n, t: t * np.clip(t / 6 + 0.5, 0, 1),
    "HardSigmoid": lambda n, t: np.clip(n.get("alpha", 0.2) * t + n.get("beta", 0.5), 0, 1),
    "Silu": lambda n, t: t * sigmoid(t),
    "Gelu": lambda n, t: (0.5 * t * (1 + np.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)))
                          if n.get("approximate", "none") == "tanh" else 0.5 * t * (1 + erf(t / math.sqrt(2)))),
    "Softplus": lambda n, t: softplus(t),
    "Softsign": lambda n, t: t / (1 + np.abs(t)),
    "Elu": lambda n, t: np.where(t < 0, n.get("alpha", 1.0) * np.expm1(t), t),
    "Selu": lambda n, t: n.get("gamma", 1.05070102214813232421875)
            * np.where(t < 0, n.get("alpha", 1.67326319217681884765625) * np.expm1(t), t),
    "Erf": lambda n, t: erf(t),
    "Mish": lambda n, t: t * np.tanh(softplus(t)),
}


def erf(t):
    return np.vectorize(math.erf, otypes=[np.float64])(t)


def flatten_sample(x):
    return x.reshape(x.shape[0], -1)


def reshape(node, x):
    """The shape counts the batch if that leaves a batch of 1 (per input), else it is one sample's."""
    target, batched = list(node["shape"]), (1,) + x.shape[1:]

    def resolve(shape, source):
        shape = [source[k] if extent == 0 else extent for k, extent in enumerate(shape)]
        try:
            return np.empty(source, dtype=np.int8).reshape(shape).shape
        except ValueError:
            return None

    with_batch = resolve(target, batched)
    if with_batch is not None and len(with_batch) > 1 and with_batch[0] == 1:
        return x.reshape((x.shape[0],) + with_batch[1:])
    return x.reshape((x.shape[0],) + resolve(target, x.shape[1:]))


def transpose(node, x):
    perm = node["perm"]
    return x.transpose(perm if len(perm) == x.ndim else [0] + [1 + p for p in perm])


def evaluate(manifest, x, given=None):
    """The manifest's output for the input x (batch first); `given`: values that are known already, by name."""
    document = manifest.document
    values = {document["input"]["name"]: x, **(given or {})}
    nodes = {node["name"]: node for node in document["nodes"]}

    def tensor(node, key):
        return manifest.read(node[key]) if node.get(key) is not None else None

    def compute(node):
        op, inputs = node["op"], [values[name] for name in node["inputs"]]
        u = inputs[0]
        if op in ACTIVATIONS:
            return ACTIVATIONS[op](node, u)
        if op == "PRelu":
            return np.where(u < 0, per_channel(tensor(node, "slope"), u) * u, u)
        if op == "Conv":
            return conv(node, u, tensor(node, "weight"), tensor(node, "bias"))
        if op == "Gemm":
            z = flatten_sample(u) @ tensor(node, "weight").T
            return z if tensor(node, "bias") is None else z + tensor(node, "bias")
        if op == "BatchNormalization":
            spread = np.sqrt(tensor(node, "var") + node.get("epsilon", 1e-5))
            centred = (u - per_channel(tensor(node, "mean"), u)) / per_channel(spread, u)
            return centred * per_channel(tensor(node, "scale"), u) + per_channel(tensor(node, "bias"), u)
        if op == "Scale":
            shift = tensor(node, "shift")
            return u * per_channel(tensor(node, "scale"), u) + (0 if shift is None else per_channel(shift, u))
        if op == "Add":
            return inputs[0] + inputs[1]
        if op == "Sub":
            return inputs[0] - inputs[1]
        if op == "Concat":
            return np.concatenate(inputs, axis=node.get("axis", 1))
        if op == "MaxPool":
            return pool(node, u, lambda entries, padded: entries.max(axis=-1))
        if op == "AveragePool":
            counted = node.get("count_include_pad", 0)
            return pool(node, u, lambda entries, padded: entries.sum(axis=-1) / (padded if counted else entries.shape[-1]))
        if op == "GlobalAveragePool":
            return u.mean(axis=tuple(range(2, u.ndim)), keepdims=True)
        if op == "Flatten":
            return flatten_sample(u)
        if op == "Reshape":
            return reshape(node, u)
        if op == "Transpose":
            return transpose(node, u)
        if op == "Pad":
            return pad(node, u)
        if op in ("Identity", "Dropout"):
            return u
        if op == "Softmax":
            return u  # the bound is on the logits
        raise SystemExit(f"operator {op} is not known here")

    pending = [document["output"]]
    while pending:
        name = pending[-1]
        missing = [i for i in nodes[name]["inputs"] if i not in values] if name not in values else []
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        if name not in values:
            values[name] = compute(nodes[name])
    return values[document["output"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--random", type=int, metavar="N", help="draw N inputs from the box and write them to x.npy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compare", action="store_true")
    arguments = parser.parse_intermixed_args()
    if arguments.compare:
        y, z = (np.load(f).astype(np.float64) for f in arguments.files)
        scale = np.abs(y).max()
        print(f"{np.abs(y.ravel() - z.ravel()).max() / (scale if scale > 0 else 1):.3e}")
        return
    path, x_file, y_file = arguments.files
    manifest = Manifest(path)
    shape = tuple(manifest.document["input"]["shape"])
    if arguments.random:
        lower, upper = manifest.box()
        draws = np.random.default_rng(arguments.seed).random((arguments.random,) + shape)
        np.save(x_file, lower + (upper - lower) * draws)
    x = np.load(x_file).astype(np.float64).reshape((-1,) + shape)
    np.save(y_file, np.concatenate([evaluate(manifest, sample[np.newaxis]) for sample in x]))


if __name__ == "__main__":
    main()

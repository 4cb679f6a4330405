#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a random network manifest with odd geometry: every operator, uneven pads, dilations, ceil_mode, groups, skips, broadcasts.

    random_manifest.py SEED FILE

Development only, with reference_forward.py: `qbound run` on such files is compared with the reference. Needs NumPy.
"""
import json
import math
import sys

import numpy as np

import reference_forward as reference


class Generator:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.spatial = int(self.rng.integers(1, 3))
        channels = int(self.rng.integers(1, 5))
        extents = [int(e) for e in self.rng.integers(5, 12, self.spatial)]
        self.document = {
            "format": "qbound-network", "version": 1, "name": f"random-{seed}",
            "input": {"name": "x", "shape": [channels] + extents, "lower": -1.0, "upper": 2.0}, "output": "x", "nodes": [], "tensors": {}}
        self.values = {"x": self.rng.uniform(-1, 2, [1, channels] + extents)}
        self.last = "x"
        self.manifest = reference.Manifest.__new__(reference.Manifest)
        self.manifest.document = self.document
        self.manifest.tensors = {}

    def integers(self, low, high, count=None):
        drawn = self.rng.integers(low, high, count)
        return int(drawn) if count is None else [int(d) for d in drawn]

    def tensor(self, shape, low=-1.0, high=1.0):
        return {"shape": list(shape), "data": [float(v) for v in self.rng.uniform(low, high, shape).ravel()]}

    def add(self, op, inputs=None, **fields):
        """Appends the node and its value."""
        name = f"n{len(self.document['nodes'])}"
        node = {"name": name, "op": op, "inputs": inputs or [self.last], **fields}
        previous = dict(self.document)
        self.document["nodes"].append(node)
        self.document["output"] = name
        small = {"input": {"name": "x"}, "output": name, "nodes": [node]}
        self.manifest.document = {**small, "input": {"name": node["inputs"][0]}}
        values = dict(self.values)
        try:
            self.values[name] = self.compute(node)
        except ValueError:
            self.document["nodes"].pop()
            self.document["output"] = previous["output"]
            self.values = values
            return None
        if self.values[name].size == 0 or self.values[name].size > 20000:
            self.document["nodes"].pop()
            self.document["output"] = previous["output"]
            self.values = values
            return None
        self.last = name
        return name

    def compute(self, node):
        """The node's value by the reference: each input stands as a graph input."""
        manifest = reference.Manifest.__new__(reference.Manifest)
        manifest.tensors = {}
        manifest.folder = None
        manifest.document = {"input": {"name": node["inputs"][0]}, "output": node["name"], "nodes": [node]}
        extra = {name: self.values[name] for name in node["inputs"]}
        return reference.evaluate(manifest, extra[node["inputs"][0]], extra)

    def x(self):
        return self.values[self.last]

    def window(self, pool):
        n = self.x().ndim - 2
        kernel, dilations = self.integers(1, 4, n), self.integers(1, 4, n)
        fields = {"strides": self.integers(1, 4, n), "dilations": dilations}
        if self.rng.random() < 0.2:
            fields["auto_pad"] = str(self.rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
        else:
            fields["pads"] = [self.integers(0, kernel[a % n] + (0 if pool else 2)) for a in range(2 * n)]
        return kernel, fields

    def step(self):
        x = self.x()
        c, n = x.shape[1], x.ndim - 2
        kinds = ["Conv"] * 4 + ["MaxPool", "AveragePool", "Pad", "Transpose", "BatchNormalization", "Scale", "Add", "Sub", "Concat",
                                "Activation", "Activation", "PRelu", "Broadcast", "Reshape"]
        kind = str(self.rng.choice(kinds))
        if n < 1:
            return
        if kind == "Conv":
            groups = int(self.rng.choice([g for g in range(1, c + 1) if c % g == 0]))
            kernel, fields = self.window(False)
            m = groups * self.integers(1, 4)
            bias = {"bias": self.tensor([m])} if self.rng.random() < 0.7 else {}
            if self.add("Conv", weight=self.tensor([m, c // groups] + kernel), group=groups, **bias, **fields) and self.rng.random() < 0.4:
                self.normalize()
        elif kind == "MaxPool":
            kernel, fields = self.window(True)
            self.add("MaxPool", kernel_shape=kernel, ceil_mode=self.integers(0, 2), **fields)
        elif kind == "AveragePool":
            kernel, fields = self.window(True)
            del fields["dilations"]
            self.add("AveragePool", kernel_shape=kernel, ceil_mode=self.integers(0, 2), count_include_pad=self.integers(0, 2), **fields)
        elif kind == "Pad":
            mode = str(self.rng.choice(["constant", "constant", "edge", "reflect", "wrap"]))
            shape = x.shape[1:]
            most = [min(3, e - 1 if mode == "reflect" else e) for e in shape]
            if mode != "constant":
                most[0] = 0
            pads = [self.integers(0, most[a % (n + 1)] + 1) for a in range(2 * (n + 1))]
            pads = [0] + pads[:n + 1] + [0] + pads[n + 1:]
            value = {"value": float(self.rng.uniform(-2, 2))} if mode == "constant" else {}
            self.add("Pad", pads=pads, mode=mode, **value)
        elif kind == "Transpose":
            self.add("Transpose", perm=[0] + [1 + int(p) for p in self.rng.permutation(n + 1)])
        elif kind == "BatchNormalization":
            self.normalize()
        elif kind == "Scale":
            size = [c] if self.rng.random() < 0.7 else []
            self.add("Scale", scale=self.tensor(size), shift=self.tensor(size))
        elif kind in ("Add", "Sub", "Concat"):
            same = [name for name, v in self.values.items() if (v.shape == x.shape if kind != "Concat" else v.shape[2:] == x.shape[2:])]
            other = str(self.rng.choice(same))
            if kind == "Concat" and self.values[other].shape == x.shape:
                self.add(kind, [self.last, other, self.last], axis=int(self.rng.integers(1, n + 2)) - (n + 2) * int(self.rng.integers(0, 2)))
            else:
                self.add(kind, [other, self.last])
        elif kind == "Broadcast":
            kept = self.last
            self.add("GlobalAveragePool")
            self.add(str(self.rng.choice(["Add", "Sub"])), [self.last, kept])
        elif kind == "Reshape":
            self.add("Reshape", shape=[1, c, -1] if n == 2 else [0, c, -1, 1])
        elif kind == "PRelu":
            self.add("PRelu", slope=self.tensor([c] if self.rng.random() < 0.5 else [c] + [1] * n))
        else:
            self.activate()

    def normalize(self):
        c = self.x().shape[1]
        self.add("BatchNormalization", scale=self.tensor([c]), bias=self.tensor([c]), mean=self.tensor([c]), var=self.tensor([c], 0.1, 2.0),
                 epsilon=1e-3)

    def activate(self):
        op = str(self.rng.choice([o for o in reference.ACTIVATIONS]))
        fields = {}
        if op == "Clip":
            fields = {"min": -0.5, "max": 0.75}
        if op in ("LeakyRelu", "Elu", "HardSigmoid", "Selu") and self.rng.random() < 0.5:
            fields = {"alpha": 0.3}
        if op == "Gelu" and self.rng.random() < 0.5:
            fields = {"approximate": "tanh"}
        self.add(op, **fields)

    def run(self):
        for _ in range(self.integers(4, 14)):
            self.step()
        if self.rng.random() < 0.5:
            if self.rng.random() < 0.5:
                self.add("GlobalAveragePool")
            else:
                self.add("Flatten")
            size = math.prod(self.x().shape[1:])
            self.add("Gemm", weight=self.tensor([3, size]), bias=self.tensor([3]))
        return self.document


def main():
    seed, path = sys.argv[1:]
    document = Generator(int(seed)).run()
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)


if __name__ == "__main__":
    main()

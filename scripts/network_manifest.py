# SPDX-License-Identifier: Apache-2.0
"""Writer of network manifests: a JSON graph in ONNX's vocabulary and one NPY file per tensor beside it."""

import json
import os
import pathlib
import re

import numpy as np

# Stored as they are; every other type must be widened by the caller, so that no value changes silently.
_STORED_TYPES = ("<f2", "<f4", "<f8")


class Manifest:
    """A network under construction. Nodes are kept in the order in which they are added."""

    def __init__(self, name, input_name, input_shape, lower, upper):
        """`input_shape` is without batch; `lower` and `upper`: a number, one per channel, or an array of the input's shape."""
        self.name = name
        self.nodes = []
        self.tensors = {}
        self.output = input_name
        self._names = {input_name}
        self._input_name = input_name
        self._input_shape = [int(size) for size in input_shape]
        self._limits = {"lower": self._limit("lower", lower), "upper": self._limit("upper", upper)}

    def _limit(self, key, value):
        array = np.asarray(value, "<f8", order="C")
        shape = tuple(self._input_shape)
        if not np.isfinite(array).all():
            raise ValueError(f"input limit '{key}' is not finite")
        if array.shape not in ((), shape[:1], shape):
            raise ValueError(f"input limit '{key}' has shape {array.shape}; hint: one number, one per channel, or shape {shape}")
        return array

    def _unique(self, wanted):
        """`wanted`, or the first of wanted_2, wanted_3, … that no node and no tensor has."""
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name

    def add_node(self, name, op, inputs, **attributes):
        """Adds a node and returns its name, which is `name` made unique. Attributes that are None are left out."""
        name = self._unique(name)
        node = {"name": name, "op": op, "inputs": list(inputs)}
        node.update((key, value) for key, value in attributes.items() if value is not None)
        self.nodes.append(node)
        return name

    def add_tensor(self, name, array):
        """Adds a tensor and returns its name: that of an equal tensor added as `name` before, else `name` made unique."""
        array = np.asarray(array, order="C")
        if array.dtype.str not in _STORED_TYPES:
            raise TypeError(f"tensor '{name}' has type {array.dtype}, not one of {', '.join(_STORED_TYPES)}")
        other = self.tensors.get(name)
        if other is None or other.dtype != array.dtype or not np.array_equal(other, array):
            name = self._unique(name)
            self.tensors[name] = array
        return name

    def write(self, path):
        """Writes the tensors into a folder named like the file without its ending, then the manifest itself.

        The manifest appears last and by a rename, so that it never names files which are not there yet.
        """
        path = pathlib.Path(path)
        folder = path.with_suffix("")
        if folder == path:
            raise ValueError(f"{path}: the name of a manifest needs an ending; hint: {path}.json")
        folder.mkdir(parents=True, exist_ok=True)
        taken = set()

        def store(name, array):
            file = self._file_name(name, taken)
            taken.add(file.lower())
            np.save(folder / file, array)
            return {"npy": f"{folder.name}/{file}"}

        network_input = {"name": self._input_name, "shape": self._input_shape}
        for key, limit in self._limits.items():
            network_input[key] = limit.tolist() if limit.ndim <= 1 else store(f"input.{key}", limit)
        tensors = {name: store(name, array) for name, array in self.tensors.items()}
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(self._text(network_input, tensors), encoding="utf-8")
        os.replace(temporary, path)

    def write_topology(self, path, free_outputs=True, comment=None):
        """Writes the graph with the tensors' shapes in place of their values, as `qbound --topology` reads it.

        With `free_outputs` the number of outputs of the last weight layer is left open (-1). Nodes that do nothing are left out.
        """
        shapes = {name: list(array.shape) for name, array in self.tensors.items()}
        last = next(node for node in reversed(self.nodes) if "weight" in node)
        for name in (last["weight"], last.get("bias")) if free_outputs else ():
            if name is not None:
                shapes[name][0] = -1
        network_input = {"name": self._input_name, "shape": self._input_shape}
        network_input.update((key, limit.tolist()) for key, limit in self._limits.items())
        tensors = {name: {"shape": shape} for name, shape in shapes.items()}
        path = pathlib.Path(path)
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(self._text(network_input, tensors, self._without_identities(), comment), encoding="utf-8")
        os.replace(temporary, path)

    def _without_identities(self):
        """The nodes without Dropout and Identity, whose readers read what they read."""
        source, kept = {}, []
        for node in self.nodes:
            inputs = [source.get(name, name) for name in node["inputs"]]
            if node["op"] in ("Dropout", "Identity") and node["name"] != self.output:
                source[node["name"]] = inputs[0]
            else:
                kept.append({**node, "inputs": inputs})
        return kept

    @staticmethod
    def _file_name(name, taken):
        stem = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "tensor"
        file, count = f"{stem}.npy", 1
        while file.lower() in taken:  # some file systems do not tell case apart
            count += 1
            file = f"{stem}_{count}.npy"
        return file

    def _text(self, network_input, tensors, nodes=None, comment=None):
        """One line per node and tensor."""
        node_lines = ",\n".join("    " + json.dumps(node) for node in (self.nodes if nodes is None else nodes))
        lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in tensors.items())
        remark = "" if comment is None else f'  "comment": {json.dumps(comment)},\n'
        return (f'{{ "format": "qbound-network", "version": 1, "name": {json.dumps(self.name)},\n{remark}'
                f'  "input": {json.dumps(network_input)},\n'
                f'  "output": {json.dumps(self.output)},\n'
                f'  "nodes": [\n{node_lines} ],\n'
                f'  "tensors": {{\n{lines} }} }}\n')

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a PyTorch module as a network manifest that qbound reads: JSON for the graph, NPY for the tensors.

From Python:

    from export_pytorch import export
    export(model, (3, 224, 224), "net.json", lower=0, upper=1)

From the shell, where FACTORY is a function without parameters (or a module object) in a Python file or an importable module:

    export_pytorch.py nets.py:FACTORY --input-shape 1,28,28 --input-range 0,1 -o net.json --state net.pt --check

The module is traced with torch.fx in evaluation mode, so its control flow must not depend on the data. Every operation that a
manifest cannot express is named, all in one error. Weights are stored in their own precision, BatchNormalization is not folded.
"""

import argparse
import contextlib
import functools
import importlib
import importlib.util
import inspect
import pathlib
import sys

import torch
from torch import fx
from torch.fx.node import map_arg

from network_manifest import Manifest
from pytorch_operators import FUNCTIONS, MODULES, Refusal, Value, require

# Two samples, so that an operation that mixes the samples of a batch shows in the shapes.
_BATCH = 2


class ExportError(Exception):
    """The module cannot be written as a manifest; the message lists every reason."""


def export(module, input_shape, path, lower=0, upper=1, name=None):
    """Writes `module` to the manifest `path` and its tensors into the folder beside it, named like it without ending.

    Shapes    `input_shape` is without batch. `lower` and `upper`: a number, one per channel, or an array of the input's shape.
    Errors    ExportError with every reason; nothing is written then.
    Cost      one forward pass of two samples.
    """
    path = pathlib.Path(path)
    manifest = to_manifest(module, input_shape, lower, upper, name or path.stem)
    manifest.write(path)
    return manifest


def to_manifest(module, input_shape, lower, upper, name):
    """The manifest of `module`, in memory."""
    with evaluation_mode(module), torch.no_grad():
        traced = _trace(module)
        recorder = _run(traced, module, input_shape)
        return _translate(traced, recorder, Manifest(name, "input", input_shape, lower, upper))


@contextlib.contextmanager
def evaluation_mode(module):
    """Evaluation mode inside; the mode of every part as before afterwards."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def _trace(module):
    if module._forward_hooks or module._forward_pre_hooks:
        raise ExportError("the module has forward hooks, which a trace does not see; hint: remove them")
    if type(module) in MODULES:  # else the trace would go into the module itself
        module = torch.nn.Sequential(module)
    try:
        return fx.GraphModule(module, fx.Tracer().trace(module))
    except Exception as error:
        raise ExportError(f"cannot be traced: {_first_line(error)}; hint: control flow must not depend on the data") from error


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _holds_tensor(result):
    if isinstance(result, (tuple, list)):
        return any(_holds_tensor(entry) for entry in result)
    return isinstance(result, torch.Tensor)


class _Recorder(fx.Interpreter):
    """Runs the traced graph once. Of activations it keeps the shape (of a tuple of them None), of all else the value."""

    def __init__(self, traced):
        super().__init__(traced)
        self.shapes = {}
        self.constants = {}
        self.overwritten = set()  # nodes that read a value after an in-place operation had changed it
        self._versions = {}

    def run_node(self, node):
        for source in node.all_input_nodes:
            value = self.env[source]
            if isinstance(value, torch.Tensor) and value._version != self._versions[source]:
                self.overwritten.add(node)
        result = super().run_node(node)
        if isinstance(result, torch.Tensor):
            self._versions[node] = result._version
        is_activation = node.op == "placeholder" or any(source in self.shapes for source in node.all_input_nodes)
        if is_activation and _holds_tensor(result):
            self.shapes[node] = tuple(result.shape) if isinstance(result, torch.Tensor) else None
        else:
            self.constants[node] = result
        return result


def _run(traced, module, input_shape):
    dtype = next((p.dtype for p in module.parameters() if p.dtype.is_floating_point), torch.float32)
    recorder = _Recorder(traced)
    try:
        recorder.run(torch.zeros(_BATCH, *input_shape, dtype=dtype))
    except Exception as error:
        raise ExportError(f"does not run on a batch of shape {(_BATCH, *input_shape)}: {_first_line(error)}") from error
    return recorder


class _GraphBuilder:
    """What handlers see: the manifest under construction and the node that is being translated."""

    def __init__(self, traced, manifest):
        self._manifest = manifest
        self._state_names = {id(tensor): name for name, tensor in [*traced.named_buffers(), *traced.named_parameters()]}
        self.label = ""
        self.result_shape = ()
        self.is_last = False

    def begin(self, label, result_shape, is_last):
        self.label, self.result_shape, self.is_last = label, result_shape, is_last

    def emit(self, op, inputs, suffix="", **attributes):
        """Adds a node. One that precedes the operation's last node has a suffix, and of its Value only the rank counts."""
        name = self._manifest.add_node(self.label + suffix, op, [value.name for value in inputs], **attributes)
        return Value(name, inputs[0].shape if suffix else self.result_shape)

    def tensor(self, tensor, suffix):
        """Adds a constant under its name in the state dict, or as label.suffix if it has none there; None stays None."""
        if tensor is None:
            return None
        name = self._state_names.get(id(tensor), f"{self.label}.{suffix}")
        stored = tensor.detach().cpu()
        if stored.dtype == torch.bfloat16:
            stored = stored.float()
        elif not stored.dtype.is_floating_point:
            stored = stored.double()
        return self._manifest.add_tensor(name, stored.numpy())


def _live_nodes(output):
    live, pending = set(), [output]
    while pending:
        node = pending.pop()
        if node not in live:
            live.add(node)
            pending += node.all_input_nodes
    return live


def _operation(traced, node):
    """The operation's name for messages, its handler (None if there is none) and the handler's arguments after the graph."""
    if node.op == "call_module":
        module = traced.get_submodule(node.target)
        return type(module).__name__, MODULES.get(type(module)), [module]
    name = node.target if node.op == "call_method" else getattr(node.target, "__name__", str(node.target))
    return name, FUNCTIONS.get(node.target), []


def _translate_node(graph, operation, handler, leading, args, kwargs):
    require(handler is not None, "is not supported")
    require(not any(module._forward_hooks or module._forward_pre_hooks for module in leading),
            "has forward hooks; hint: remove them first, e.g. by torch.nn.utils.remove_weight_norm")
    rank = {"1d": 3, "2d": 4}.get(operation[-2:])
    if rank and not operation.lower().startswith(("batchnorm", "dropout")):
        require(all(len(value.shape) == rank for value in args if isinstance(value, Value)), "reads an input without batch")
    call = functools.partial(handler, graph, *leading)
    try:
        inspect.signature(call).bind(*args, **kwargs)
    except TypeError as error:
        raise Refusal(f"has arguments that are not supported ({error})") from error
    return call(*args, **kwargs)


def _translate(traced, recorder, manifest):
    output = next(node for node in traced.graph.nodes if node.op == "output")
    result = output.args[0]
    inputs = [node for node in traced.graph.nodes if node.op == "placeholder"]
    if len(inputs) != 1:
        raise ExportError(f"has {len(inputs)} inputs; exactly one is supported")
    if not isinstance(result, fx.Node) or recorder.shapes.get(result) is None:
        raise ExportError("its result is not one tensor that depends on the input; hint: wrap it to return the logits")

    graph = _GraphBuilder(traced, manifest)
    values = {inputs[0]: Value("input", recorder.shapes[inputs[0]])}
    refused = []
    live = _live_nodes(output)
    for node in traced.graph.nodes:
        if node not in live or node in values or node is output or node not in recorder.shapes:
            continue
        shape = recorder.shapes[node]
        fallback = values[node] = Value("?", shape) if shape else None
        if any(recorder.shapes.get(source, ()) is None for source in node.all_input_nodes):
            continue  # a part of a tuple whose producer was refused already
        operation, handler, leading = _operation(traced, node)
        label = node.target if node.op == "call_module" else node.name
        graph.begin(label, shape, is_last=node is result and len(node.users) == 1)
        args, kwargs = map_arg((node.args, node.kwargs), lambda n: values[n] if n in values else recorder.constants[n])
        try:
            require(node not in recorder.overwritten, "reads a value that an in-place operation has changed")
            require(shape is None or shape[0] == _BATCH, "mixes the samples of a batch")
            values[node] = _translate_node(graph, operation, handler, leading, args, kwargs)
        except Refusal as refusal:
            values[node] = fallback
            refused.append(f"node '{label}' ({operation}) {refusal}")
    if refused:
        raise ExportError("\n".join(refused))
    manifest.output = values[result].name
    return manifest


def _load(specification):
    """The module that FILE.py:NAME or PACKAGE.MODULE:NAME stands for; NAME is a module object or makes one."""
    source, _, name = specification.rpartition(":")
    if source.endswith(".py"):
        specification = importlib.util.spec_from_file_location(pathlib.Path(source).stem, source)
        namespace = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(namespace)
    else:
        namespace = importlib.import_module(source)
    found = getattr(namespace, name)
    return found if isinstance(found, torch.nn.Module) else found()


def parse_shape(text):
    """--input-shape 3,224,224"""
    return tuple(int(size) for size in text.split(","))


def _parse_range(text):
    lower, upper = text.split(",")
    return float(lower), float(upper)


def main():
    parser = argparse.ArgumentParser(description="Write a PyTorch module as a network manifest for qbound.")
    parser.add_argument("module", metavar="FILE.py:FACTORY", help="function without parameters, or module object")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, help="the manifest, e.g. net.json")
    parser.add_argument("--input-shape", type=parse_shape, required=True, metavar="C,H,W", help="without batch")
    parser.add_argument("--input-range", type=_parse_range, action="append", metavar="LO,HI", help="repeat per channel [0,1]")
    parser.add_argument("--state", type=pathlib.Path, help="state dict to load, a file of torch.save")
    parser.add_argument("--check", action="store_true", help="compare with PyTorch, by reference_forward.py")
    arguments = parser.parse_args()

    ranges = arguments.input_range or [(0.0, 1.0)]
    lower, upper = ranges[0] if len(ranges) == 1 else zip(*ranges)
    module = _load(arguments.module)
    if arguments.state:
        module.load_state_dict(torch.load(arguments.state, map_location="cpu"))
    try:
        export(module, arguments.input_shape, arguments.output, lower, upper)
    except (ExportError, ValueError) as error:
        sys.exit("\n".join(f"{arguments.module}: {line}" for line in str(error).splitlines()))
    if arguments.check:
        from check_export import relative_difference
        difference = relative_difference(module, arguments.input_shape, arguments.output, lower, upper)
        print(f"relative difference {difference:.3g}")


if __name__ == "__main__":
    main()

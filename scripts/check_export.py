#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a manifest compute what the PyTorch module computes? Compares the two in double on random inputs of the box.

The manifest is evaluated by any command in which {model}, {x} and {y} stand for the manifest, the inputs and the outputs (NPY); by
default that is reference_forward.py of this folder. Run as a program, this file exports one small module per operation and checks
each:

    check_export.py
    check_export.py --evaluator "build/qbound run {model} --data {x} -o {y}"
"""

import argparse
import copy
import pathlib
import shlex
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from export_pytorch import ExportError, evaluation_mode, export

REFERENCE = shlex.join([sys.executable, str(pathlib.Path(__file__).with_name("reference_forward.py")), "{model}", "{x}", "{y}"])
TOLERANCE = 1e-12  # relative to the largest output; double against double


def relative_difference(module, input_shape, manifest, lower, upper, evaluator=REFERENCE, samples=3):
    """max |manifest(x) − module(x)| / max |module(x)| over random x in the box, both in double."""
    generator = torch.Generator().manual_seed(0)
    unit = torch.rand(samples, *input_shape, generator=generator, dtype=torch.float64).numpy()
    per_channel = (-1,) + (1,) * (len(input_shape) - 1)
    lower, upper = (np.asarray(limit, float) for limit in (lower, upper))
    lower, upper = (limit.reshape(per_channel) if limit.ndim == 1 else limit for limit in (lower, upper))
    x = lower + (upper - lower) * unit
    with evaluation_mode(module), torch.no_grad():
        expected = copy.deepcopy(module).double()(torch.from_numpy(x)).numpy()
    with tempfile.TemporaryDirectory() as folder:
        data, result = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npy")
        np.save(data, x)
        subprocess.run([word.format(model=manifest, x=data, y=result) for word in shlex.split(evaluator)], check=True)
        reached = np.load(result)
    difference = np.abs(reached.reshape(expected.shape) - expected).max() / np.abs(expected).max()
    return float(difference)


class Function(nn.Module):
    """A function of the input as a module, with optional submodules as its further arguments."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x):
        return self.function(x, *self.parts)

    def extra_repr(self):
        code = getattr(self.function, "__code__", None)
        return f"line {code.co_firstlineno}" if code else self.function.__name__


class Constants(nn.Module):
    """Scales and shifts by parameters and buffers, on either side of the operator."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(4, 1, 1))
        self.register_buffer("shift", torch.randn(1, 4, 1, 1))

    def forward(self, x):
        return 1 - (x * self.scale.abs() + self.shift) / 3 - self.shift


def _randomized(module):
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)) and part.running_mean is not None:
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            if part.affine:
                nn.init.normal_(part.weight)
                nn.init.normal_(part.bias)
        if isinstance(part, nn.PReLU):
            nn.init.normal_(part.weight)
    return module


def _image_cases():
    """Modules on 4×9×7."""
    yield from (nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.Conv2d(4, 8, (3, 2), padding=(2, 0), groups=2, bias=False),
                nn.Conv2d(4, 4, 3, dilation=2, groups=4), nn.Conv2d(4, 5, (4, 3), padding="same"),
                nn.Conv2d(4, 5, (4, 3), padding="same", dilation=(1, 2)), nn.Conv2d(4, 3, 1, padding="valid"))
    yield from (nn.Conv2d(4, 3, 3, padding=2, padding_mode=mode) for mode in ("reflect", "replicate", "circular"))
    yield from (nn.BatchNorm2d(4), nn.BatchNorm2d(4, affine=False, eps=0.1), nn.Identity(), nn.Dropout(0.5), nn.Dropout2d(0.5))
    yield from (nn.MaxPool2d(2), nn.MaxPool2d(3, stride=2, padding=1), nn.MaxPool2d((2, 3), stride=1, dilation=2),
                nn.MaxPool2d(2, ceil_mode=True), nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True))
    yield from (nn.AvgPool2d(2), nn.AvgPool2d(3, stride=2, padding=1), nn.AvgPool2d(2, ceil_mode=True),
                nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
                nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True))
    yield from (nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d((3, 7)), nn.AdaptiveAvgPool2d((9, 7)),
                nn.AdaptiveAvgPool2d((None, 1)), nn.AdaptiveMaxPool2d((3, 1)))
    yield from (nn.ZeroPad2d((1, 2, 0, 3)), nn.ConstantPad2d(2, -1.5), nn.ReflectionPad2d((1, 2, 3, 0)), nn.ReplicationPad2d(2))
    yield from (nn.Flatten(), nn.PReLU(), nn.PReLU(4), nn.Unflatten(1, (2, 2)), Constants())
    yield from (nn.Sequential(nn.Conv2d(4, 6, 3), activation, nn.Flatten(), nn.Linear(210, 5)) for activation in _activations())
    yield from map(Function, (
        lambda x: F.pad(x, (1, 0, 0, 2), value=0.5), lambda x: F.pad(x, (1, 1, 2, 0), mode="reflect"),
        lambda x: x.view(x.size(0), -1), lambda x: x.reshape(x.shape[0], 2, -1, 7), lambda x: x.unsqueeze(1).squeeze(1),
        lambda x: x.permute(0, 2, 3, 1), lambda x: x.transpose(1, -1).contiguous(), lambda x: torch.flatten(x, 2),
        lambda x: x.mean([2, 3]), lambda x: x.mean((-1, -2), keepdim=True), lambda x: F.adaptive_avg_pool2d(x, 1),
        lambda x: torch.cat([x, F.relu(x)], 1), lambda x: torch.cat((x, x), dim=-1), lambda x: x + torch.tanh(x),
        lambda x: torch.sub(x, F.elu(x)), lambda x: -x + 2 * x, lambda x: F.max_pool2d(x, 3, 2, padding=1),
        lambda x: F.avg_pool2d(x, (3, 2)), lambda x: F.dropout(x, 0.5, False), lambda x: F.relu(x, inplace=True).clamp(max=0.5),
        lambda x: torch.clamp(x, -0.25, 0.5), lambda x: F.leaky_relu(x, 0.3), lambda x: torch.erf(x), lambda x: x.sigmoid(),
        F.relu, F.relu6, F.elu, F.selu, F.silu, F.gelu, F.mish, F.hardswish, F.hardsigmoid, F.softplus, F.softsign, torch.tanh,
        F.hardtanh, lambda x: F.gelu(x, approximate="tanh")))
    yield Function(lambda x, m: F.conv2d(x, m.weight, bias=m.bias, stride=(2, 1), padding=1), nn.Conv2d(4, 4, 3))
    yield Function(lambda x, m: F.linear(x.flatten(1), m.weight), nn.Linear(252, 3))
    yield Function(lambda x, m: F.batch_norm(x, m.running_mean, m.running_var, m.weight, m.bias, eps=0.1), nn.BatchNorm2d(4))
    yield Function(lambda x, m: F.prelu(x, m.weight), nn.PReLU(4))
    yield Function(lambda x, m: m(x) + m(F.relu(x)), nn.Conv2d(4, 4, 3))  # one layer used twice
    yield Function(lambda x, conv, norm: (norm(conv(x)) + x).relu_(), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))


def _activations():
    yield from (nn.ReLU(), nn.ReLU(inplace=True), nn.ReLU6(), nn.Hardtanh(-0.5, 0.25), nn.LeakyReLU(0.2), nn.PReLU(6), nn.Sigmoid(),
                nn.Tanh(), nn.Hardswish(), nn.Hardsigmoid(), nn.SiLU(), nn.GELU(), nn.GELU("tanh"), nn.Softplus(), nn.Softsign(),
                nn.ELU(0.7), nn.SELU(), nn.Mish())


def _other_cases():
    """(module, input shape) of lower rank."""
    yield nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 3, bias=False)), (6,)
    yield nn.Sequential(nn.Conv1d(3, 4, 3, padding=1, stride=2), nn.BatchNorm1d(4), nn.GELU(), nn.MaxPool1d(2)), (3, 20)
    yield nn.Sequential(nn.Conv1d(3, 4, 4, padding="same"), nn.AvgPool1d(3, 2, 1), nn.AdaptiveAvgPool1d(1), nn.Flatten()), (3, 20)
    yield nn.Sequential(nn.ConstantPad1d((1, 2), 0.5), nn.ReflectionPad1d(2), nn.ReplicationPad1d((0, 1))), (3, 20)


class Ambiguous(nn.Module):
    """Names that would collide in a manifest: a parameter like the input, an operation like a parameter."""

    def __init__(self):
        super().__init__()
        self.input = nn.Parameter(torch.ones(4, 1, 1))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.relu(x * self.input) - 0.5)


def _refused_cases():
    """(module, what the message says; None if it must be written)."""
    yield nn.Conv2d(4, 4, 3, padding=1).train(), None  # training mode is left as it was found, and does not matter
    yield Function(lambda x: x.flatten(1).softmax(-1)), None  # qbound takes a last softmax off, so there is nothing to compare
    yield Function(lambda x: F.celu(x)), "node 'celu' (celu) is not supported"
    yield (nn.Sequential(nn.CELU(), nn.LPPool2d(2, 2), nn.ReLU()),
           "node '0' (CELU) is not supported\nnode '1' (LPPool2d) is not supported")
    yield Function(lambda x: x * x), "multiplies two activations"
    yield Function(lambda x: F.dropout(x, 0.5)), "is random"
    yield Function(lambda x: torch.add(x, x, alpha=2)), "alpha"
    yield Function(lambda x: x + x.mean([2, 3], keepdim=True)), "broadcasts"
    yield Function(lambda x: (F.relu_(x), x)[1] + x), "in-place operation"
    yield Function(lambda x: F.relu_(x.chunk(2, 1)[0] + 1)), "(chunk) is not supported"
    yield Function(lambda x: x.reshape(-1, 7)), "mixes the samples"
    yield Function(lambda x: torch.cat([x, x])), "mixes the samples"
    yield Function(lambda x: x.permute(1, 0, 2, 3)), "batch"
    yield Function(lambda x: F.adaptive_avg_pool2d(x, 2)), "do not divide"
    yield Function(lambda x: F.pad(x, (-1, 0))), "crops"
    yield Function(lambda x: F.softplus(x, beta=2)), "beta"
    yield Function(lambda x: F.avg_pool2d(x, 2, divisor_override=3)), "divisor"
    yield Function(lambda x: F.max_pool2d(x.flatten(2), 3)), "without batch"
    yield Function(lambda x: x.softmax(1) + 1), "not the last"
    yield Function(lambda x: x if x.sum() > 0 else -x), "cannot be traced"
    yield Function(lambda x: (x, x)), "not one tensor"
    yield nn.Linear(7, 3), "flatten first"
    yield nn.Linear(5, 3), "does not run"
    yield nn.Sequential(nn.utils.weight_norm(nn.Conv2d(4, 4, 3))), "forward hooks"


def main():
    parser = argparse.ArgumentParser(description="Export one small module per operation and compare with PyTorch.")
    parser.add_argument("--evaluator", default=REFERENCE, metavar="COMMAND", help="with {model}, {x} and {y}")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    failures = 0

    def report(module, problem):
        nonlocal failures
        failures += 1
        print(f"{problem}\n{module}\n", file=sys.stderr)

    cases = [(module, (4, 9, 7)) for module in (*_image_cases(), Ambiguous())] + list(_other_cases())
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "case.json")
        for module, shape in cases:
            _randomized(module)
            limits = (-2.0, 3.0) if len(shape) == 1 else ([-2.0 - c for c in range(shape[0])], [1.0] * shape[0])
            try:
                export(module, shape, path, *limits)
                difference = relative_difference(module, shape, path, *limits, arguments.evaluator)
                if not difference <= TOLERANCE:
                    report(module, f"relative difference {difference:.3g}")
            except (ExportError, subprocess.CalledProcessError) as error:
                report(module, error)
        refused = list(_refused_cases())
        for module, message in refused:
            try:
                export(module, (4, 9, 7), path)
                problem = None if message is None else "was not refused"
            except ExportError as error:
                problem = None if message and message in str(error) else f"refused with: {error}"
            if problem:
                report(module, problem)
    print(f"{len(cases) + len(refused)} cases, {failures} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

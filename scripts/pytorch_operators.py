# SPDX-License-Identifier: Apache-2.0
"""What each PyTorch operation means in a network manifest.

One handler per operation, with the parameters of PyTorch's function, so that Python binds the arguments. A handler adds nodes to
the graph and returns the last one's Value; what the manifest cannot express raises Refusal. Modules are their functions with the
module's attributes as arguments.
"""

import operator

import torch
from torch import nn
from torch.nn import functional as F


class Refusal(Exception):
    """The operation, or these arguments of it, cannot be expressed."""


class Value:
    """A node's result: its name in the manifest and its shape with batch."""

    def __init__(self, name, shape):
        self.name = name
        self.shape = tuple(shape)

    @property
    def spatial(self):
        """Number of spatial axes."""
        return len(self.shape) - 2


FUNCTIONS = {}  # function or method name → handler(graph, *arguments)


def handles(*targets):
    """Registers a handler for functions and, as strings, for tensor methods."""

    def register(handler):
        FUNCTIONS.update((target, handler) for target in targets)
        return handler

    return register


def require(condition, reason):
    if not condition:
        raise Refusal(reason)


def per_axis(value, count):
    """PyTorch's `2` or `(2, 3)` as a list with one entry per spatial axis."""
    entries = [value] * count if isinstance(value, int) else list(value)
    entries = entries * count if len(entries) == 1 else entries
    require(len(entries) == count and all(isinstance(entry, int) for entry in entries), f"{value} is not one integer per axis")
    return entries


def axis_of(dim, value):
    axis = dim + len(value.shape) if dim < 0 else dim
    require(axis != 0, "mixes the samples of a batch")
    return axis


# --- weight layers ------------------------------------------------------------------------------------------------------------


@handles(F.linear)
def linear(graph, x, weight, bias=None):
    require(len(x.shape) == 2, f"acts on the last of several axes (input shape {x.shape[1:]}); hint: flatten first")
    return graph.emit("Gemm", [x], weight=graph.tensor(weight, "weight"), bias=graph.tensor(bias, "bias"))


@handles(torch.conv1d, torch.conv2d, F.conv1d, F.conv2d)
def convolution(graph, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    axes = len(weight.shape) - 2
    require(x.spatial == axes, "has an input without batch")
    strides, dilations = per_axis(stride, axes), per_axis(dilation, axes)
    if padding == "valid":
        padding = 0
    if padding == "same":  # the odd one goes to the end
        total = [d * (k - 1) for d, k in zip(dilations, weight.shape[2:])]
        begins = [t // 2 for t in total]
        ends = [t - b for t, b in zip(total, begins)]
    else:
        begins = ends = per_axis(padding, axes)
    return graph.emit("Conv", [x], weight=graph.tensor(weight, "weight"), bias=graph.tensor(bias, "bias"), strides=strides,
                      pads=begins + ends, dilations=dilations, group=groups)


def convolution_module(graph, module, x):
    padding = module.padding
    if module.padding_mode != "zeros":
        flat = module._reversed_padding_repeated_twice  # last axis first, as F.pad wants it
        x = pad(graph, x, flat, module.padding_mode, suffix=".pad")
        padding = 0
    return convolution(graph, x, module.weight, module.bias, module.stride, padding, module.dilation, module.groups)


# --- fixed linear nodes -------------------------------------------------------------------------------------------------------


@handles(F.batch_norm, torch.batch_norm)
def batch_norm(graph, x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5,
               cudnn_enabled=False):
    require(not training and running_mean is not None, "uses the statistics of the batch")
    ones = torch.ones_like(running_var)
    return graph.emit("BatchNormalization", [x], scale=graph.tensor(ones if weight is None else weight, "weight"),
                      bias=graph.tensor(torch.zeros_like(ones) if bias is None else bias, "bias"),
                      mean=graph.tensor(running_mean, "running_mean"), var=graph.tensor(running_var, "running_var"), epsilon=eps)


def batch_norm_module(graph, module, x):
    return batch_norm(graph, x, module.running_mean, module.running_var, module.weight, module.bias, False, eps=module.eps)


def scale_and_shift(graph, x, scale, shift):
    """y = scale·x + shift; numbers, or constant tensors that have one value per channel once broadcast to x."""

    def per_channel(value, suffix):
        channels = x.shape[1]
        full = torch.as_tensor(value, dtype=torch.float64)
        sample = (1, *x.shape[1:])
        require(torch.broadcast_shapes(full.shape, sample) == sample, "broadcasts its input")
        full = full.expand(sample).reshape(channels, -1)
        require(bool((full == full[:, :1]).all()), "has a constant that differs within a channel")
        return graph.tensor(full[:, 0].contiguous(), suffix)

    return graph.emit("Scale", [x], scale=per_channel(scale, "scale"), shift=per_channel(shift, "shift"))


def signed_sum(graph, op, sign, x, y, alpha):
    require(alpha == 1, "has a factor alpha")
    if not isinstance(y, Value):
        return scale_and_shift(graph, x, 1, y if sign > 0 else -y)
    if not isinstance(x, Value):
        return scale_and_shift(graph, y, sign, x)
    require(x.shape == y.shape, f"broadcasts {x.shape[1:]} and {y.shape[1:]}")
    return graph.emit(op, [x, y])


@handles(operator.add, operator.iadd, torch.add, "add", "add_")
def add(graph, input, other, *, alpha=1):
    return signed_sum(graph, "Add", 1, input, other, alpha)


@handles(operator.sub, operator.isub, torch.sub, "sub", "sub_")
def sub(graph, input, other, *, alpha=1):
    return signed_sum(graph, "Sub", -1, input, other, alpha)


@handles(operator.mul, operator.imul, torch.mul, "mul", "mul_")
def mul(graph, input, other):
    require(not (isinstance(input, Value) and isinstance(other, Value)), "multiplies two activations")
    return scale_and_shift(graph, input, other, 0) if isinstance(input, Value) else scale_and_shift(graph, other, input, 0)


@handles(operator.truediv, torch.div, "div", "div_")
def div(graph, input, other):
    require(isinstance(input, Value) and not isinstance(other, Value), "divides by an activation")
    return scale_and_shift(graph, input, 1 / torch.as_tensor(other, dtype=torch.float64), 0)


@handles(operator.neg, torch.neg, "neg")
def neg(graph, input):
    return scale_and_shift(graph, input, -1, 0)


@handles(torch.cat, torch.concat)
def cat(graph, tensors, dim=0):
    require(all(isinstance(tensor, Value) for tensor in tensors), "joins an activation and a constant")
    return graph.emit("Concat", list(tensors), axis=axis_of(dim, tensors[0]))


@handles(F.pad)
def pad(graph, input, pad, mode="constant", value=None, suffix=""):
    require(all(isinstance(entry, int) and entry >= 0 for entry in pad), "crops; negative padding is not supported")
    rank, padded = len(input.shape), len(pad) // 2
    require(padded < rank, "pads the batch")
    begins, ends = [0] * rank, [0] * rank
    for i in range(padded):
        begins[rank - 1 - i], ends[rank - 1 - i] = pad[2 * i], pad[2 * i + 1]
    modes = {"constant": "constant", "zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    constant = float(value or 0) if modes[mode] == "constant" else None
    return graph.emit("Pad", [input], suffix, pads=begins + ends, mode=modes[mode], value=constant)


# --- pooling ------------------------------------------------------------------------------------------------------------------


@handles(torch.max_pool1d, torch.max_pool2d, F.max_pool1d, F.max_pool2d)
def max_pool(graph, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    require(not return_indices, "returns indices")
    axes = input.spatial
    kernel = per_axis(kernel_size, axes)
    pads = per_axis(padding, axes)
    return graph.emit("MaxPool", [input], kernel_shape=kernel, strides=per_axis(stride, axes) if stride else kernel,
                      pads=pads + pads, dilations=per_axis(dilation, axes), ceil_mode=int(ceil_mode))


@handles(torch.avg_pool1d, F.avg_pool1d, F.avg_pool2d)
def average_pool(graph, input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
                 divisor_override=None):
    require(divisor_override is None, "overrides the divisor")
    axes = input.spatial
    kernel = per_axis(kernel_size, axes)
    pads = per_axis(padding, axes)
    return graph.emit("AveragePool", [input], kernel_shape=kernel, strides=per_axis(stride, axes) if stride else kernel,
                      pads=pads + pads, ceil_mode=int(ceil_mode), count_include_pad=int(count_include_pad))


def adaptive_windows(input, output_size):
    """Kernel (= stride) per axis of an adaptive pool; refused when windows would differ or overlap."""
    sizes = input.shape[2:]
    wanted = [output_size] * len(sizes) if output_size is None or isinstance(output_size, int) else list(output_size)
    wanted = [size if want is None else want for want, size in zip(wanted, sizes)]
    require(all(size % want == 0 for want, size in zip(wanted, sizes)), f"adapts {sizes} to {tuple(wanted)}, which do not divide")
    return [size // want for want, size in zip(wanted, sizes)]


@handles(torch.adaptive_avg_pool1d, F.adaptive_avg_pool1d, F.adaptive_avg_pool2d)
def adaptive_average_pool(graph, input, output_size):
    kernel = adaptive_windows(input, output_size)
    if all(k == 1 for k in kernel):
        return graph.emit("Identity", [input])
    if kernel == list(input.shape[2:]):
        return graph.emit("GlobalAveragePool", [input])
    return average_pool(graph, input, kernel)


@handles(F.adaptive_max_pool1d, F.adaptive_max_pool2d)
def adaptive_max_pool(graph, input, output_size, return_indices=False):
    return max_pool(graph, input, adaptive_windows(input, output_size), return_indices=return_indices)


@handles(torch.mean, "mean")
def mean(graph, input, dim, keepdim=False):
    axes = sorted(axis_of(axis, input) for axis in ([dim] if isinstance(dim, int) else dim))
    require(axes == list(range(2, len(input.shape))), "is a mean over other axes than all spatial ones")
    if keepdim:
        return graph.emit("GlobalAveragePool", [input])
    return graph.emit("Flatten", [graph.emit("GlobalAveragePool", [input], ".pool")])


# --- shape --------------------------------------------------------------------------------------------------------------------


@handles(torch.flatten, "flatten", torch.reshape, "reshape", "view", torch.squeeze, "squeeze", torch.unsqueeze, "unsqueeze",
         "unflatten")
def reshape(graph, input, *_, **__):
    """Any of these keeps the order of entries: the result's shape, known from the traced run, says all."""
    if len(graph.result_shape) == 2:
        return graph.emit("Flatten", [input])
    return graph.emit("Reshape", [input], shape=[1, *graph.result_shape[1:]])


@handles(torch.permute, "permute")
def permute(graph, input, *dims):
    dims = dims[0] if len(dims) == 1 and not isinstance(dims[0], int) else dims
    perm = [dim % len(input.shape) for dim in dims]
    require(perm[0] == 0, "moves the batch")
    return graph.emit("Transpose", [input], perm=perm)


@handles(torch.transpose, "transpose")
def transpose(graph, input, dim0, dim1):
    first, second = axis_of(dim0, input), axis_of(dim1, input)
    perm = list(range(len(input.shape)))
    perm[first], perm[second] = second, first
    return graph.emit("Transpose", [input], perm=perm)


@handles("contiguous", "clone", torch.clone)
def identity(graph, input, memory_format=None):
    return graph.emit("Identity", [input])


@handles(F.dropout, F.dropout2d, torch.dropout)
def dropout(graph, input, p=0.5, training=True, inplace=False):
    require(not training, "is random: active dropout; hint: pass training=self.training")
    return graph.emit("Dropout", [input])


@handles(F.softmax, torch.softmax, "softmax")
def softmax(graph, input, dim=None, _stacklevel=3, dtype=None):
    require(graph.is_last, "is a softmax that is not the last node")
    require(dtype is None and isinstance(dim, int), "has no fixed axis or another type")
    return graph.emit("Softmax", [input], axis=axis_of(dim, input))


# --- activations --------------------------------------------------------------------------------------------------------------


@handles(F.relu, F.relu_, torch.relu, torch.relu_, "relu", "relu_")
def relu(graph, input, inplace=False):
    return graph.emit("Relu", [input])


@handles(torch.clamp, torch.clip, "clamp", "clamp_", "clip")
def clip(graph, input, min=None, max=None):
    require(not isinstance(min, torch.Tensor) and not isinstance(max, torch.Tensor), "has limits per entry")
    return graph.emit("Clip", [input], min=None if min is None else float(min), max=None if max is None else float(max))


@handles(F.hardtanh, F.hardtanh_)
def hard_tanh(graph, input, min_val=-1.0, max_val=1.0, inplace=False):
    return clip(graph, input, min_val, max_val)


@handles(F.relu6)
def relu6(graph, input, inplace=False):
    return clip(graph, input, 0, 6)


@handles(F.leaky_relu, F.leaky_relu_)
def leaky_relu(graph, input, negative_slope=0.01, inplace=False):
    return graph.emit("LeakyRelu", [input], alpha=float(negative_slope))


@handles(F.prelu, torch.prelu)
def prelu(graph, input, weight):
    return graph.emit("PRelu", [input], slope=graph.tensor(weight, "weight"))


@handles(F.sigmoid, torch.sigmoid, "sigmoid", "sigmoid_")
def sigmoid(graph, input):
    return graph.emit("Sigmoid", [input])


@handles(F.tanh, torch.tanh, "tanh", "tanh_")
def tanh(graph, input):
    return graph.emit("Tanh", [input])


@handles(F.hardswish)
def hard_swish(graph, input, inplace=False):
    return graph.emit("HardSwish", [input])


@handles(F.hardsigmoid)
def hard_sigmoid(graph, input, inplace=False):
    return graph.emit("HardSigmoid", [input], alpha=1 / 6, beta=0.5)


@handles(F.silu)
def silu(graph, input, inplace=False):
    return graph.emit("Silu", [input])


@handles(F.gelu)
def gelu(graph, input, approximate="none"):
    return graph.emit("Gelu", [input], approximate=approximate)


@handles(F.softplus)
def softplus(graph, input, beta=1, threshold=20):
    """PyTorch's is x itself above the threshold; from 20 on the two differ by at most log(1 + e⁻²⁰) < 2.1e-9."""
    require(beta == 1 and threshold >= 20, f"has beta {beta} and threshold {threshold}; only beta 1, threshold ≥ 20 is supported")
    return graph.emit("Softplus", [input])


@handles(F.softsign)
def softsign(graph, input):
    return graph.emit("Softsign", [input])


@handles(F.elu, F.elu_)
def elu(graph, input, alpha=1.0, inplace=False):
    return graph.emit("Elu", [input], alpha=float(alpha))


@handles(F.selu, F.selu_, torch.selu, torch.selu_)
def selu(graph, input, inplace=False):
    return graph.emit("Selu", [input], alpha=1.6732632423543772, gamma=1.0507009873554805)


@handles(F.mish)
def mish(graph, input, inplace=False):
    return graph.emit("Mish", [input])


@handles(torch.erf, torch.special.erf, "erf", "erf_")
def erf(graph, input):
    return graph.emit("Erf", [input])


def same(function):
    """The handler of a module without attributes that matter."""
    return lambda graph, module, x: function(graph, x)


def _pad_module(mode):
    return lambda graph, module, x: pad(graph, x, per_axis(module.padding, 2 * x.spatial), mode, getattr(module, "value", None))


def _max_pool_module(graph, m, x):
    return max_pool(graph, x, m.kernel_size, m.stride, m.padding, m.dilation, m.ceil_mode, m.return_indices)


def _average_pool_module(graph, m, x):
    return average_pool(graph, x, m.kernel_size, m.stride, m.padding, m.ceil_mode, m.count_include_pad,
                        getattr(m, "divisor_override", None))


MODULES = {  # exact type → handler(graph, module, x); subclasses may compute something else and are refused
    nn.Linear: lambda graph, m, x: linear(graph, x, m.weight, m.bias),
    nn.Conv1d: convolution_module,
    nn.Conv2d: convolution_module,
    nn.BatchNorm1d: batch_norm_module,
    nn.BatchNorm2d: batch_norm_module,
    nn.ZeroPad2d: _pad_module("constant"),
    nn.ConstantPad1d: _pad_module("constant"),
    nn.ConstantPad2d: _pad_module("constant"),
    nn.ReflectionPad1d: _pad_module("reflect"),
    nn.ReflectionPad2d: _pad_module("reflect"),
    nn.ReplicationPad1d: _pad_module("replicate"),
    nn.ReplicationPad2d: _pad_module("replicate"),
    nn.MaxPool1d: _max_pool_module,
    nn.MaxPool2d: _max_pool_module,
    nn.AvgPool1d: _average_pool_module,
    nn.AvgPool2d: _average_pool_module,
    nn.AdaptiveAvgPool1d: lambda graph, m, x: adaptive_average_pool(graph, x, m.output_size),
    nn.AdaptiveAvgPool2d: lambda graph, m, x: adaptive_average_pool(graph, x, m.output_size),
    nn.AdaptiveMaxPool1d: lambda graph, m, x: adaptive_max_pool(graph, x, m.output_size, m.return_indices),
    nn.AdaptiveMaxPool2d: lambda graph, m, x: adaptive_max_pool(graph, x, m.output_size, m.return_indices),
    nn.Flatten: same(reshape),
    nn.Unflatten: same(reshape),
    nn.Identity: same(identity),
    nn.Dropout: lambda graph, m, x: dropout(graph, x, m.p, m.training),
    nn.Dropout2d: lambda graph, m, x: dropout(graph, x, m.p, m.training),
    nn.AlphaDropout: lambda graph, m, x: dropout(graph, x, m.p, m.training),
    nn.Softmax: lambda graph, m, x: softmax(graph, x, m.dim),
    nn.ReLU: same(relu),
    nn.ReLU6: same(relu6),
    nn.Hardtanh: lambda graph, m, x: hard_tanh(graph, x, m.min_val, m.max_val),
    nn.LeakyReLU: lambda graph, m, x: leaky_relu(graph, x, m.negative_slope),
    nn.PReLU: lambda graph, m, x: prelu(graph, x, m.weight),
    nn.Sigmoid: same(sigmoid),
    nn.Tanh: same(tanh),
    nn.Hardswish: same(hard_swish),
    nn.Hardsigmoid: same(hard_sigmoid),
    nn.SiLU: same(silu),
    nn.GELU: lambda graph, m, x: gelu(graph, x, m.approximate),
    nn.Softplus: lambda graph, m, x: softplus(graph, x, m.beta, m.threshold),
    nn.Softsign: same(softsign),
    nn.ELU: lambda graph, m, x: elu(graph, x, m.alpha),
    nn.SELU: same(selu),
    nn.Mish: same(mish),
}

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/tensor.hpp"

#include <Eigen/Dense>

#include <cstdint>
#include <memory>
#include <random>

/// Reference values for spectral norms, from explicitly built matrices and dense singular value decompositions.
namespace spectral_oracle {

using qbound::Axes;
using qbound::Axis;
using qbound::Tensor;
using qbound::WeightLayer;

/// The output size that ONNX gives to this axis.
inline Axis make_axis(std::int64_t in, std::int64_t kernel, std::int64_t stride = 1, std::int64_t dilation = 1,
                      std::int64_t pad_begin = 0, std::int64_t pad_end = 0) {
    const std::int64_t room = in + pad_begin + pad_end - dilation * (kernel - 1) - 1;
    return {in, room / stride + 1, kernel, stride, dilation, pad_begin, pad_end};
}

inline Tensor random_tensor(qbound::Shape shape, std::mt19937_64& random, double scale = 1) {
    std::normal_distribution<double> normal;
    Tensor tensor{std::move(shape), {}};
    std::int64_t size = 1;
    for (const std::int64_t extent : tensor.shape) {
        size *= extent;
    }
    for (std::int64_t i = 0; i < size; ++i) {
        tensor.data.push_back(scale * normal(random));
    }
    return tensor;
}

inline WeightLayer make_layer(Tensor weight, Axes axes, std::int64_t groups = 1) {
    return {std::make_shared<const Tensor>(std::move(weight)), {}, groups, axes, false};
}

inline WeightLayer make_dense(Tensor weight) {
    weight.shape = {weight.shape[0], weight.shape[1], 1, 1};
    return {std::make_shared<const Tensor>(std::move(weight)), {}, 1, Axes{}, true};
}

/// One entry of the kernel for each (output channel, input channel, taps): calls visit(o, i, t_row, t_column, value).
template <class Visit>
void for_each_weight(const WeightLayer& layer, const Tensor& weight, Visit visit) {
    const std::int64_t rows_per_group = weight.shape[0] / layer.groups;
    std::size_t at = 0;
    for (std::int64_t o = 0; o < weight.shape[0]; ++o) {
        for (std::int64_t i = 0; i < weight.shape[1]; ++i) {
            for (std::int64_t r = 0; r < weight.shape[2]; ++r) {
                for (std::int64_t c = 0; c < weight.shape[3]; ++c) {
                    visit(o, o / rows_per_group * weight.shape[1] + i, r, c, weight.data[at++]);
                }
            }
        }
    }
}

/// The layer's linear map, zero padding left out.
inline Eigen::MatrixXd operator_matrix(const WeightLayer& layer, const Tensor& weight) {
    const Axis& a = layer.axes[0];
    const Axis& b = layer.axes[1];
    Eigen::MatrixXd t = Eigen::MatrixXd::Zero(weight.shape[0] * a.out * b.out, weight.shape[1] * layer.groups * a.in * b.in);
    for_each_weight(layer, weight, [&](std::int64_t o, std::int64_t i, std::int64_t r, std::int64_t c, double w) {
        for (std::int64_t p = 0; p < a.out; ++p) {
            for (std::int64_t q = 0; q < b.out; ++q) {
                const std::int64_t y = p * a.stride - a.pad_begin + r * a.dilation;
                const std::int64_t x = q * b.stride - b.pad_begin + c * b.dilation;
                if (y >= 0 && y < a.in && x >= 0 && x < b.in) {
                    t((o * a.out + p) * b.out + q, (i * a.in + y) * b.in + x) += w;
                }
            }
        }
    });
    return t;
}

/// The circular convolution with the same kernel on a torus of rows × columns outputs (inputs: times the strides).
inline Eigen::MatrixXd circulant_matrix(const WeightLayer& layer, const Tensor& weight, std::int64_t rows, std::int64_t columns) {
    const Axis& a = layer.axes[0];
    const Axis& b = layer.axes[1];
    const std::int64_t in_rows = rows * a.stride;
    const std::int64_t in_columns = columns * b.stride;
    Eigen::MatrixXd t =
        Eigen::MatrixXd::Zero(weight.shape[0] * rows * columns, weight.shape[1] * layer.groups * in_rows * in_columns);
    for_each_weight(layer, weight, [&](std::int64_t o, std::int64_t i, std::int64_t r, std::int64_t c, double w) {
        for (std::int64_t p = 0; p < rows; ++p) {
            for (std::int64_t q = 0; q < columns; ++q) {
                const std::int64_t y = (p * a.stride + r * a.dilation) % in_rows;
                const std::int64_t x = (q * b.stride + c * b.dilation) % in_columns;
                t((o * rows + p) * columns + q, (i * in_rows + y) * in_columns + x) += w;
            }
        }
    });
    return t;
}

/// σ_max by a dense decomposition (accurate to about 1e-14 relative).
inline double spectral_norm(const Eigen::MatrixXd& t) {
    if (t.size() == 0) {
        return 0;
    }
    const Eigen::MatrixXd gram = t.rows() < t.cols() ? Eigen::MatrixXd(t * t.transpose()) : Eigen::MatrixXd(t.transpose() * t);
    return std::sqrt(
        std::max(0.0, Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram, Eigen::EigenvaluesOnly).eigenvalues().maxCoeff()));
}

}  // namespace spectral_oracle

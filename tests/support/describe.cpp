// SPDX-License-Identifier: Apache-2.0
// Random cases in words, for the message of a test that fails.
#include "support/random_graph.hpp"

#include <algorithm>
#include <ios>
#include <sstream>

namespace qbound::test {

namespace {

/// "[1, 2, 3]", at most 16 entries; hexadecimal, so that they can be typed in again exactly.
template <class T>
std::string list(const std::vector<T>& values) {
    std::ostringstream text;
    text << std::hexfloat << '[';
    for (std::size_t i = 0; i < std::min<std::size_t>(values.size(), 16); ++i) {
        text << (i == 0 ? "" : ", ") << values[i];
    }
    text << (values.size() > 16 ? ", …]" : "]");
    return text.str();
}

std::string window(const Axes& axes) {
    std::ostringstream text;
    for (const Axis& a : axes) {
        text << " {in " << a.in << " out " << a.out << " k " << a.kernel << " s " << a.stride << " d " << a.dilation << " pads "
             << a.pad_begin << ',' << a.pad_end << '}';
    }
    return text.str();
}

std::string attributes(const Input&) {
    return "";
}
std::string attributes(const WeightLayer& l) {
    return " weight " + to_string(l.weight->shape) + " groups " + std::to_string(l.groups) + window(l.axes) + " W " +
           list(l.weight->data) + " b " + list(l.bias);
}
std::string attributes(const Diagonal& d) {
    return " scale " + list(d.scale) + " shift " + list(d.shift);
}
std::string attributes(const Activation& a) {
    std::ostringstream text;
    text << " alpha " << a.alpha << " beta " << a.beta << " lower " << a.lower << " upper " << a.upper << " slopes "
         << list(a.slopes);
    return text.str();
}
std::string attributes(const Sum& s) {
    return " signs " + list(s.signs);
}
std::string attributes(const Product&) {
    return "";
}
std::string attributes(const Concat& c) {
    return " axis " + std::to_string(c.axis);
}
std::string attributes(const MaxPool& p) {
    return window(p.axes);
}
std::string attributes(const AveragePool& p) {
    return window(p.axes) + " divisors " + list(p.divisors[0]) + list(p.divisors[1]);
}
std::string attributes(const Select& s) {
    return " maps " + list(s.maps[0]) + list(s.maps[1]) + list(s.maps[2]) + " entries " + list(s.entries) + " constant " +
           std::to_string(s.constant);
}
std::string attributes(const View&) {
    return "";
}

}  // namespace

std::string describe(const Network& network) {
    std::ostringstream text;
    text << "box " << list(network.box().lower) << " to " << list(network.box().upper) << '\n';
    for (const Node& node : network.nodes()) {
        text << node.name << " (" << node.op << ") " << to_string(node.shape) << " <-";
        for (const NodeId input : node.inputs) {
            text << ' ' << network.node(input).name;
        }
        text << std::visit([](const auto& kind) { return attributes(kind); }, node.kind) << '\n';
    }
    return text.str();
}

std::string describe(const RandomCase& c) {
    std::ostringstream text;
    text << "random case with seed " << c.seed << '\n' << describe(*c.network);
    if (const auto& q = c.pair->quantizer()) {
        text << "quantizer: bits " << q->bits << (q->rounding == Rounding::nearest ? " round" : " floor")
             << (q->symmetric ? "" : " asymmetric") << " granularity " << static_cast<int>(q->granularity)
             << (q->quantize_biases ? " biases too" : "");
        if (q->eta) {
            text << " eta " << std::hexfloat << *q->eta << std::defaultfloat;
        }
        for (const auto& [layer, bits] : q->bits_by_layer) {
            text << ' ' << layer << '=' << bits;
        }
        text << '\n';
    } else {
        text << "theta' is a second network:\n" << describe(*c.second);
    }
    return text.str();
}

}  // namespace qbound::test

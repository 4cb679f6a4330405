// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

double use(qbound::Upper u) {
    double d = u;
    return d;
}

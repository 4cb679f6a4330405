// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

double use(qbound::Lower l) {
    double d = l;
    return d;
}

// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

bool use(qbound::Upper u, qbound::Lower l) {
    return l < u;
}

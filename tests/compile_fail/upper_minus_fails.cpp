// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper use(qbound::Upper u, qbound::Upper v) {
    return u - v;
}

// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper use(qbound::Upper u) {
    return 2.0 * u;
}

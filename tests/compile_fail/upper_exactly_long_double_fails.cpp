// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper use(long double x) {
    return qbound::Upper::exactly(x);
}

// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper use(int n) {
    return qbound::Upper::exactly(n);
}

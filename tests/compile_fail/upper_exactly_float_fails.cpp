// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper use(float x) {
    return qbound::Upper::exactly(x);
}

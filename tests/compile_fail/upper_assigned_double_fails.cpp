// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

void use(qbound::Upper& u) {
    u = 1.0;
}

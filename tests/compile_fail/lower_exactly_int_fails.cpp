// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Lower use(int n) {
    return qbound::Lower::exactly(n);
}

// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper use(std::int64_t n) {
    return qbound::Upper::exactly(n);
}

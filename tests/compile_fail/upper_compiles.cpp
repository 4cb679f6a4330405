// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

double use(qbound::Lower lower) {
    qbound::Upper u = qbound::Upper::exactly(1.0);
    u = u + qbound::Upper::exactly(lower.value_down()) * qbound::Upper::magnitude(-2.0);
    return u.value_up();
}

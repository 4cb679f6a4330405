// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Lower l = qbound::Upper::exactly(1.0);

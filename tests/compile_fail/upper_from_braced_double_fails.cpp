// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"

qbound::Upper u{1.0};

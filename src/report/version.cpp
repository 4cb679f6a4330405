// SPDX-License-Identifier: Apache-2.0
#include "qbound/report.hpp"

namespace qbound {

std::string_view version() noexcept {
    return QBOUND_VERSION;
}

}  // namespace qbound

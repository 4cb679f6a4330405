// SPDX-License-Identifier: Apache-2.0
#include "qbound/guarantee.hpp"

namespace qbound {

std::string_view to_string(Guarantee guarantee) noexcept {
    switch (guarantee) {
        case Guarantee::certified:
            return "certified";
        case Guarantee::conditional:
            return "conditional";
        case Guarantee::lower:
            return "lower";
        case Guarantee::measured:
            return "measured";
        case Guarantee::statistical:
            return "statistical";
    }
    return "";
}

}  // namespace qbound

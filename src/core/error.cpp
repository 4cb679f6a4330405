// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"

#include <utility>

namespace qbound {

Error::Error(ErrorKind kind, std::string place, std::string reason, std::string hint)
    : kind_(kind), place_(std::move(place)), reason_(std::move(reason)), hint_(std::move(hint)) {
    if (!place_.empty()) {
        message_ = place_ + ": ";
    }
    message_ += reason_;
    if (!hint_.empty()) {
        message_ += "; hint: " + hint_;
    }
}

Error Error::within(std::string_view outer) const {
    std::string place{outer};
    if (!place.empty() && !place_.empty()) {
        place += ": ";
    }
    return {kind_, place + place_, reason_, hint_};
}

}  // namespace qbound

// What a change is known by in the ring: a hash of its id, `transaction#index`, never 0.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::subscribers {

uint64_t transaction_id(std::string_view transaction);
// `transaction`: of transaction_id().
uint64_t change_id(uint64_t transaction, uint32_t index);
// Of an id as messages have it; of anything else, of no change.
uint64_t change_id(std::string_view id);

}  // namespace sluice::subscribers

// UUID, INET4 and INET6 values as text, as MariaDB shows them. Each function writes at `out`, at most
// kAddressBytes, and returns the end. Where bytes are lacking they count as zero, those beyond are passed
// over.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

inline constexpr size_t kAddressBytes = 46;  // INET6_ADDRSTRLEN

// `bytes`: 16, in the order of the text.
char* spell_uuid(char* out, std::string_view bytes);
// `bytes`: 4, network order.
char* spell_inet4(char* out, std::string_view bytes);
// `bytes`: 16, network order.
char* spell_inet6(char* out, std::string_view bytes);

}  // namespace sluice

// Any bytes as a GTID set's text, and as the events that carry sets: what is read is spelt, and read again it
// is the same.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/mysql/gtid_event.h"

namespace {

void expect_same_again(const sluice::GtidSet& set) {
  auto again = sluice::GtidSet::parse(set.text());
  CHECK(again.has_value());
  CHECK(*again == set);
  CHECK(set.contains(*again));
  CHECK(set.minus(*again).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      if (auto set = GtidSet::parse(bytes)) expect_same_again(*set);
      break;
    case 1:
      if (auto set = mysql::read_gtid_list(mysql::EventType::PreviousGtids, bytes)) expect_same_again(*set);
      break;
    default:
      if (auto set = mysql::read_gtid_list(mysql::EventType::MariaDbGtidList, bytes)) expect_same_again(*set);
  }
  return 0;
}

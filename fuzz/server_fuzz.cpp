// Any bytes as what a server says of itself: types of columns, grants, and the events that are looked through
// for a place to begin. The first byte chooses.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "source/mysql/column_type.h"
#include "source/mysql/grants.h"
#include "source/mysql/log_scan.h"
#include "wire/mysql/event.h"

namespace {

using namespace sluice;

void scan(std::string_view log) {
  mysql::LogScan scan("binlog.000001");
  while (!log.empty()) {
    size_t size = log.size();
    if (size >= mysql::kHeaderBytes)
      size = std::min<size_t>(size, std::max<size_t>(mysql::read_header(log).size, mysql::kHeaderBytes));
    auto taken = scan.take(log.substr(0, size));
    if (!taken) {
      CHECK(!taken.error().what.empty());
      return;
    }
    log.remove_prefix(size);
  }
  scan.finish();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      Column column;
      mysql::set_declared_type(text, column);
      CHECK(column.fraction_digits <= 6);
      break;
    }
    case 1: (void)mysql::readable_scopes(lines_of(text)); break;
    default: scan(text);
  }
  return 0;
}

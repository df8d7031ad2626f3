// A log made by hand, event by event: for what no server can be brought to write on demand. Without
// checksums.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/mysql/event.h"

namespace sluice::test {

// Little-endian, as all of the log.
inline std::string number(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

class LogBuilder {
 public:
  explicit LogBuilder(std::string_view server = "9.7.4") {
    std::string body =
        number(4, 2) + std::string(server) + std::string(50 - server.size(), '\0') + number(0, 4);
    body += number(mysql::kHeaderBytes, 1) + std::string(40, '\0') + number(0, 1) + number(0, 4);
    add(mysql::EventType::FormatDescription, body);
  }

  LogBuilder& add(mysql::EventType type, std::string_view body, uint16_t flags = 0) {
    size_t size = mysql::kHeaderBytes + body.size();
    bytes_ +=
        number(1768473000, 4) + number(static_cast<uint8_t>(type), 1) + number(101, 4) + number(size, 4);
    bytes_ += number(bytes_.size() - 13 + size, 4) + number(flags, 2);
    bytes_ += body;
    return *this;
  }
  LogBuilder& query(std::string_view sql, const std::string& status = "") {
    return add(mysql::EventType::Query, number(7, 4) + number(0, 4) + number(4, 1) + number(0, 2) +
                                            number(status.size(), 2) + status + std::string("shop\0", 5) +
                                            std::string(sql));
  }
  LogBuilder& begin() { return query("BEGIN"); }
  LogBuilder& commit() { return add(mysql::EventType::Xid, number(1, 8)); }
  // MySQL's, of the server 0101…
  LogBuilder& gtid(uint64_t gno) {
    return add(mysql::EventType::Gtid, number(1, 1) + std::string(16, '\x01') + number(gno, 8));
  }
  // `shop.t` with so many INT columns, named a, b, c, …, all of them nullable.
  LogBuilder& map(uint64_t id = 1, size_t columns = 2) {
    std::string body = number(id, 6) + number(1, 2) + std::string("\4shop\0\1t\0", 9);
    body += packed(columns) + std::string(columns, '\3') + packed(0) + std::string((columns + 7) / 8, '\xff');
    std::string names;
    for (size_t i = 0; i < columns; ++i) {
      std::string name;
      for (size_t n = i;; n /= 26) {
        name += static_cast<char>('a' + n % 26);
        if (n < 26) break;
      }
      names += packed(name.size()) + name;
    }
    body += "\4" + packed(names.size()) + names;
    return add(mysql::EventType::TableMap, body);
  }
  // `rows` as they stand in the event; `image`: the bits of the columns present, as far as they are not 0;
  // empty: all.
  LogBuilder& insert(std::string_view rows, uint64_t id = 1, size_t columns = 2, std::string image = {}) {
    image.resize((columns + 7) / 8, image.empty() ? '\xff' : '\0');
    std::string body = number(id, 6) + number(1, 2) + number(2, 2) + packed(columns) + image;
    return add(mysql::EventType::WriteRows, body + std::string(rows));
  }
  // A row (a, b) of two INT columns.
  static std::string row(uint32_t a, uint32_t b) {
    return std::string(1, '\0') + number(a, 4) + number(b, 4);
  }
  static std::string packed(uint64_t value) {
    return value < 0xfb ? number(value, 1) : '\xfc' + number(value, 2);
  }

  std::string file() const { return bytes_; }

 private:
  std::string bytes_ =
      "\xfe"
      "bin";
};

}  // namespace sluice::test

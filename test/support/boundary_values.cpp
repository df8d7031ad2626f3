#include "support/boundary_values.h"

#include <cmath>
#include <string>

namespace sluice::sample {

std::vector<std::pair<Column, Cell>> boundary_values(Sample& s) {
  const std::vector<std::string> members = {"small", "quo\"te", "€", ""};
  std::vector<std::pair<Column, Cell>> all;
  auto add = [&](ColumnType type, Cell cell) { all.emplace_back(column("v", type, {}), cell); };
  auto labelled = [&](ColumnType type, Cell cell) { all.emplace_back(column("v", type, members), cell); };
  add(ColumnType::Int, missing());
  add(ColumnType::Int, null());
  for (int64_t i : {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, INT64_MAX})
    add(ColumnType::BigInt, integer(i));
  for (uint64_t u : {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{99}, uint64_t{100}, UINT64_MAX}) {
    add(ColumnType::BigInt, of(Kind::Uint, u));
    add(ColumnType::Bit, of(Kind::Bit, u, 64));
    labelled(ColumnType::Enum, of(Kind::Enum, u));
    add(ColumnType::Enum, of(Kind::Enum, u));
    labelled(ColumnType::Set, of(Kind::Set, u));
    add(ColumnType::Set, of(Kind::Set, u));
    add(ColumnType::Date, of(Kind::Date, u & 0xffffff));
    for (uint8_t digits : {0, 3, 6}) {
      add(ColumnType::DateTime, of(Kind::DateTime, u, digits));
      add(ColumnType::Timestamp, of(Kind::Timestamp, u & (UINT64_MAX >> 8), digits));
      add(ColumnType::Time, of(Kind::Time, u, digits));
    }
  }
  add(ColumnType::Year, of(Kind::Year, 0));
  add(ColumnType::Year, of(Kind::Year, 2155));
  for (double d : {0.0, -0.0, 1.0, -1.5, 0.1, 1e15, 1e16, 1e-5, 1e-6, 5e-324, 2.2250738585072014e-308,
                   1.7976931348623157e308, 123456789.987, std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    add(ColumnType::Double, real(Kind::Double, d));
    add(ColumnType::Float, real(Kind::Float, static_cast<float>(d)));
  }
  add(ColumnType::Date, date(9999, 12, 31));
  add(ColumnType::DateTime, datetime(9999, 12, 31, 23, 59, 59, 999999, 6));
  add(ColumnType::Time, time(-1, 838, 59, 59, 999999, 6));
  add(ColumnType::Timestamp, timestamp(4294967295, 999999, 6));
  const std::string nines(65, '9');
  add(ColumnType::Decimal, s.decimal("0", 1, 0));
  add(ColumnType::Decimal, s.decimal("-0.01", 3, 2));
  add(ColumnType::Decimal, s.decimal("-" + nines, 65, 0));
  add(ColumnType::Decimal, s.decimal(nines.substr(0, 35) + "." + nines.substr(0, 30), 65, 30));
  add(ColumnType::Decimal, s.decimal("0." + nines.substr(0, 30), 30, 30));
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
  for (std::string_view text :
       {std::string_view(""), std::string_view("plain"), std::string_view("\0\n\r\t\"\\/\x7f", 8),
        std::string_view("Grüße € 😀"), std::string_view("\xed\xb2\x80\xff\xc3"),
        std::string_view("line\u2028separator"), std::string_view(every_byte)}) {
    add(ColumnType::Text, s.text(text));
    for (Kind kind :
         {Kind::Blob, Kind::Json, Kind::Geometry, Kind::Vector, Kind::Uuid, Kind::Inet4, Kind::Inet6}) {
      add(ColumnType::Blob, s.bytes(kind, text));
    }
  }
  add(ColumnType::Json, s.bytes(Kind::Json, unhex("0001000c000b00010005010061")));
  add(ColumnType::Geometry,
      s.bytes(Kind::Geometry, unhex("e61000000101000000000000000000f03f0000000000000040")));
  add(ColumnType::Vector, s.bytes(Kind::Vector, unhex("0000803f0000c0bf0000c07f")));
  add(ColumnType::Uuid, s.bytes(Kind::Uuid, unhex("00112233445566778899aabbccddeeff")));
  add(ColumnType::Inet4, s.bytes(Kind::Inet4, unhex("ffffffff")));
  add(ColumnType::Inet6, s.bytes(Kind::Inet6, unhex("20010db8000000000000ff0000428329")));
  return all;
}

}  // namespace sluice::sample

// Temporal values as servers stored them before MySQL 5.6.4, and MariaDB still does in tables made
// before 10.1 or with mysql56_temporal_format=OFF. The log does not tell how many digits of fraction they
// have.
#pragma once

#include <cstdint>

#include "model/cell.h"

namespace sluice::mysql {

// Bytes of a Time, DateTime or Timestamp with `digits` (1 to 6) of fraction, which only MariaDB has had
// (sql/field.cc: Field_time_hires, Field_datetime_hires, Field_timestamp_hires).
uint8_t old_fraction_bytes(Kind kind, uint8_t digits);
// Reads one into `cell`, whose kind and digits (aux) are set. False: no server stores such bytes.
bool read_old_fraction(const char* at, uint8_t bytes, Cell& cell);

// Without fraction: YYYYMMDDhhmmss as one decimal number.
bool read_old_datetime(uint64_t number, Cell& cell);
// ±hhmmss as one decimal number in three bytes.
bool read_old_time(uint32_t raw, Cell& cell);

}  // namespace sluice::mysql

// Style: which program's events are written, as templates of their JSON.
#pragma once

#include <string_view>

namespace sluice::envelope {

// In a template, `$` and one of these letters stand for what differs from table to table or from change to
// change; all else is written as it is.
enum Place : char {
  kDatabase = 'd',  // as a JSON string
  kTable = 't',     // as a JSON string
  kAppId = 'a',     // as a JSON string
  kTime = 'T',      // 2026-01-15 10:30:00, of the event
  kSeconds = 's',   // the same since 1970 UTC
  kIndex = 'n',     // a number that grows from change to change
  kEnd = 'e',       // offset of the event's end in the log
  kOffset = 'p',    // and of its start
  kFile = 'f',      // the log file, within quotes
  kId = 'i',        // the change's id, within quotes
  kOld = 'o',       // the row before the change
  kRow = 'r',       // the row behind it; of a delete, the one before
};

// How the values of a row are written.
enum class Values : unsigned char {
  Typed,       // as in json
  TextBase64,  // the same, but columns of the TEXT types are base64
  Strings,     // every one a string as SELECT shows it, bytes in base64, null stays null
  Canal,       // every one a string as canal's columns have them, null is empty
};

struct Style {
  std::string_view name;
  Values values;
  // By Op; of schema changes mostly empty: there is none.
  std::string_view templates[4];
};

// Null: there is none of this name.
const Style* find_style(std::string_view name);
inline constexpr std::string_view kStyleNames = "wing_seals|wing|wing_go|db_transfer|canal_client";

}  // namespace sluice::envelope

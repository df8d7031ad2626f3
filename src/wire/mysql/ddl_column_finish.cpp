#include <fmt/core.h>

#include <algorithm>

#include "wire/mysql/ddl_column.h"

namespace sluice::mysql {

bool is_old_mysql(const DdlContext& context) {
  return context.flavor == Flavor::MySql && context.version > 0 && context.version < 80000;
}

uint32_t most_bytes(std::string_view charset) {
  struct Width {
    std::string_view charset;
    uint32_t bytes;
  };
  // Maxlen of SHOW CHARACTER SET, where it is not 1.
  static constexpr Width kWidths[] = {
      {"utf8mb4", 4}, {"utf8mb3", 3}, {"utf16", 4}, {"utf16le", 4}, {"utf32", 4},
      {"ucs2", 2},    {"gb18030", 4}, {"gbk", 2},   {"gb2312", 2},  {"big5", 2},
      {"sjis", 2},    {"cp932", 2},   {"ujis", 3},  {"eucjpms", 3}, {"euckr", 2},
  };
  for (const Width& width : kWidths) {
    if (width.charset == charset) return width.bytes;
  }
  return 1;
}

namespace {

struct LobType {
  ColumnType text, blob;
  std::string_view text_name, blob_name;
  uint64_t bytes;  // that a value may have
};
constexpr LobType kLobs[] = {
    {ColumnType::TinyText, ColumnType::TinyBlob, "tinytext", "tinyblob", 0xff},
    {ColumnType::Text, ColumnType::Blob, "text", "blob", 0xffff},
    {ColumnType::MediumText, ColumnType::MediumBlob, "mediumtext", "mediumblob", 0xffffff},
    {ColumnType::LongText, ColumnType::LongBlob, "longtext", "longblob", 0xffffffff},
};

const LobType* find_lob(ColumnType type) {
  for (const LobType& lob : kLobs) {
    if (lob.text == type || lob.blob == type) return &lob;
  }
  return nullptr;
}

// The smallest that holds so many bytes (MySQL sql/field.cc, get_blob_type_from_length).
const LobType& lob_of(uint64_t bytes) {
  for (const LobType& lob : kLobs) {
    if (bytes <= lob.bytes) return lob;
  }
  return kLobs[3];
}

bool is_text(ColumnType type) {
  return type == ColumnType::Char || type == ColumnType::VarChar || type == ColumnType::Enum ||
         type == ColumnType::Set || (type >= ColumnType::TinyText && type <= ColumnType::LongText);
}

bool is_bytes(ColumnType type) { return type >= ColumnType::Binary && type <= ColumnType::LongBlob; }

// Longest VARCHAR and VARBINARY, in bytes; without strict mode a longer one becomes a TEXT or BLOB.
constexpr uint64_t kMostVarBytes = 65535;

void become(ColumnDraft& draft, ColumnType type, std::string_view name) {
  draft.column.type = type;
  draft.type_name = name;
}

void become(ColumnDraft& draft, const LobType& lob, bool bytes) {
  draft.column.length = 0;
  become(draft, bytes ? lob.blob : lob.text, bytes ? lob.blob_name : lob.text_name);
  draft.has_length = false;
}

// CHAR CHARACTER SET binary is BINARY, TEXT is BLOB; ENUM and SET stay.
void finish_binary_charset(ColumnDraft& draft) {
  ColumnType type = draft.column.type;
  if (const LobType* lob = find_lob(type)) become(draft, lob->blob, lob->blob_name);
  if (type == ColumnType::Char) become(draft, ColumnType::Binary, "binary");
  if (type == ColumnType::VarChar) become(draft, ColumnType::VarBinary, "varbinary");
}

void finish_length(ColumnDraft& draft) {
  ColumnType type = draft.column.type;
  bool bytes = is_bytes(type);
  uint64_t length_bytes = draft.length * (bytes ? 1 : most_bytes(draft.column.charset));
  if (find_lob(type) != nullptr) {
    if (draft.has_length && draft.length > 0) become(draft, lob_of(length_bytes), bytes);
    draft.has_length = false;
    return;
  }
  bool var = type == ColumnType::VarChar || type == ColumnType::VarBinary;
  if (var && (length_bytes > kMostVarBytes)) {
    become(draft, lob_of(length_bytes), bytes);
    return;
  }
  bool fixed = type == ColumnType::Char || type == ColumnType::Binary || type == ColumnType::Bit;
  if (fixed && !draft.has_length) {
    draft.length = 1;
    draft.has_length = true;
  }
  if (fixed || var) draft.column.length = static_cast<uint32_t>(draft.length);
}

bool is_mysql_8(const DdlContext& context) {
  return context.flavor == Flavor::MySql && !is_old_mysql(context);
}

// MariaDB refuses BINARY beside another COLLATE. MySQL lets BINARY win, but for 8.0 and newer where a
// character set is named as well.
bool is_binary(const ColumnDraft& draft, const DdlContext& context) {
  bool collation_wins = draft.charset_said && is_mysql_8(context);
  return draft.binary && (draft.column.collation.empty() || !collation_wins);
}

void finish_charset(ColumnDraft& draft, const CharsetName& table, const DdlContext& context) {
  Column& column = draft.column;
  if (is_bytes(column.type)) {
    column.charset = column.collation = "binary";
    return;
  }
  if (!is_text(column.type)) {
    column.charset.clear();
    column.collation.clear();
    return;
  }
  CharsetName name{column.charset, column.collation};
  if (name == CharsetName{}) name = table;
  complete(name, table.charset);
  if (is_binary(draft, context) && !name.charset.empty()) name.collation = name.charset + "_bin";
  column.charset = name.charset;
  column.collation = name.charset == "binary" ? "binary" : name.collation;
  if (column.charset == "binary") finish_binary_charset(draft);
}

// Display widths that a server adds to an integer without one, signed and unsigned.
uint32_t default_width(ColumnType type, bool is_unsigned) {
  switch (type) {
    case ColumnType::TinyInt: return is_unsigned ? 3 : 4;
    case ColumnType::SmallInt: return is_unsigned ? 5 : 6;
    case ColumnType::MediumInt: return is_unsigned ? 8 : 9;
    case ColumnType::Int: return is_unsigned ? 10 : 11;
    default: return 20;
  }
}

bool is_integer(ColumnType type) { return type >= ColumnType::TinyInt && type <= ColumnType::BigInt; }

// MySQL 8.0.19 gave up display widths but for tinyint(1) and ZEROFILL.
bool spells_widths(const DdlContext& context) {
  return context.flavor == Flavor::MariaDb || (context.version > 0 && context.version < 80019);
}
bool drops_widths(const DdlContext& context) {
  return context.flavor == Flavor::MySql && context.version >= 80019;
}

std::string integer_suffix(const ColumnDraft& draft, const DdlContext& context) {
  const Column& column = draft.column;
  bool boolean =
      column.type == ColumnType::TinyInt && !column.is_unsigned && draft.has_length && draft.length == 1;
  bool keep = !drops_widths(context) || boolean || draft.zerofill;
  if (draft.has_length && keep) return fmt::format("({})", draft.length);
  if (spells_widths(context) || draft.zerofill) {
    return fmt::format("({})", default_width(column.type, column.is_unsigned));
  }
  return {};
}

std::string member_list(const std::vector<std::string>& members) {
  // As the servers print them (MySQL sql/sql_show.cc, append_unescaped).
  std::string list = "(";
  for (const std::string& member : members) {
    if (list.size() > 1) list.push_back(',');
    list.push_back('\'');
    for (char c : member) {
      switch (c) {
        case '\0': list += "\\0"; break;
        case '\n': list += "\\n"; break;
        case '\r': list += "\\r"; break;
        case '\\': list += "\\\\"; break;
        case '\'': list += "''"; break;
        default: list.push_back(c);
      }
    }
    list.push_back('\'');
  }
  return list + ")";
}

std::string type_suffix(const ColumnDraft& draft, const DdlContext& context) {
  const Column& column = draft.column;
  if (is_integer(column.type)) return integer_suffix(draft, context);
  switch (column.type) {
    case ColumnType::Decimal: return fmt::format("({},{})", column.precision, column.scale);
    case ColumnType::Float:
    case ColumnType::Double:
      return draft.has_decimals ? fmt::format("({},{})", draft.length, draft.decimals) : std::string();
    case ColumnType::Year:
      if (spells_widths(context)) return "(4)";
      return draft.has_length && !drops_widths(context) ? fmt::format("({})", draft.length) : std::string();
    case ColumnType::Time:
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      return column.fraction_digits > 0 ? fmt::format("({})", column.fraction_digits) : std::string();
    case ColumnType::Enum:
    case ColumnType::Set: return member_list(column.members);
    default: return draft.has_length ? fmt::format("({})", draft.length) : std::string();
  }
}

std::string spell(const ColumnDraft& draft, const DdlContext& context) {
  std::string text = draft.type_name + type_suffix(draft, context);
  if (draft.column.is_unsigned) text += " unsigned";
  if (draft.zerofill) text += " zerofill";
  if (draft.compressed) text += " /*M!100301 COMPRESSED*/";
  return text;
}

void finish_number(ColumnDraft& draft) {
  Column& column = draft.column;
  if (column.type == ColumnType::Decimal) {
    // DECIMAL and DECIMAL(0) are DECIMAL(10,0).
    column.precision = static_cast<uint8_t>(draft.length > 0 ? std::min<uint64_t>(draft.length, 65) : 10);
    column.scale = static_cast<uint8_t>(std::min<uint64_t>(draft.decimals, column.precision));
  }
  // FLOAT(25) and more is DOUBLE (MySQL manual, "Floating-Point Types").
  if (column.type == ColumnType::Float && !draft.has_decimals && draft.length > 24) {
    become(draft, ColumnType::Double, "double");
  }
}

void finish_other(ColumnDraft& draft, const DdlContext& context) {
  Column& column = draft.column;
  switch (column.type) {
    case ColumnType::Time:
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      column.fraction_digits = static_cast<uint8_t>(std::min<uint64_t>(draft.length, 6));
      break;
    case ColumnType::Json:
      if (context.flavor == Flavor::MariaDb) {
        // An alias there (MariaDB manual, "JSON Data Type").
        become(draft, ColumnType::LongText, "longtext");
        column.charset = "utf8mb4";
        column.collation = "utf8mb4_bin";
      }
      break;
    case ColumnType::Geometry:
      if (draft.type_name == "geometrycollection" && context.flavor == Flavor::MySql &&
          context.version >= 80000) {
        draft.type_name = "geomcollection";
      }
      break;
    case ColumnType::Vector:
      if (!draft.has_length && context.flavor == Flavor::MySql) {
        draft.length = 2048;
        draft.has_length = true;
      }
      break;
    default: break;
  }
  if (column.type == ColumnType::Timestamp && !context.explicit_timestamp && !draft.null_said) {
    column.nullable = false;
  }
}

void trim_members(Column& column) {
  // Members lose their trailing spaces, unless they are bytes (MySQL manual, "The ENUM Type").
  if (column.charset == "binary") return;
  for (std::string& member : column.members) member.erase(member.find_last_not_of(' ') + 1);
}

}  // namespace

Column finish_column(ColumnDraft draft, const CharsetName& table, const DdlContext& context) {
  finish_number(draft);
  finish_other(draft, context);
  finish_charset(draft, table, context);
  finish_length(draft);
  trim_members(draft.column);
  draft.column.declared = spell(draft, context);
  return std::move(draft.column);
}

void convert_column(Column& column, const CharsetName& to, const DdlContext& context) {
  if (!is_text(column.type) || column.charset == "binary") return;
  ColumnDraft draft;
  uint32_t old_bytes = most_bytes(column.charset);
  bool resizes = to.charset != column.charset && !column.charset.empty();
  draft.column = std::move(column);
  draft.type_name = draft.column.declared.substr(0, draft.column.declared.find_first_of("( "));
  draft.compressed = draft.column.declared.find("COMPRESSED") != std::string::npos;
  const LobType* lob = find_lob(draft.column.type);
  // A column keeps room for as many characters as it had (MySQL manual, "ALTER TABLE Statement").
  draft.length = lob != nullptr ? lob->bytes / old_bytes : draft.column.length;
  draft.has_length = lob == nullptr || resizes;
  draft.column.charset = to.charset;
  draft.column.collation = to.collation;
  finish_charset(draft, to, context);
  if (draft.column.type != ColumnType::Enum && draft.column.type != ColumnType::Set) {
    bool is_lob = find_lob(draft.column.type) != nullptr;
    finish_length(draft);
    // A VARCHAR that has outgrown its type: MySQL 8.0 takes the bytes it has now for characters of before.
    if (!is_lob && find_lob(draft.column.type) != nullptr && is_mysql_8(context))
      become(draft, lob_of(draft.length * most_bytes(to.charset) / old_bytes), false);
    if (!draft.column.declared.empty()) draft.column.declared = spell(draft, {});
  }
  column = std::move(draft.column);
}

}  // namespace sluice::mysql

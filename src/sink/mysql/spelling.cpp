#include "sink/mysql/spelling.h"

#include "base/arena.h"
#include "format/json_binary.h"
#include "format/plan_cache.h"
#include "format/sql/literal.h"
#include "format/sql_text.h"
#include "mirror/text.h"

namespace sluice::mysql {
namespace {

// The longest VARCHAR of which a row of others leaves room: 65,535 bytes a row, up to four a character.
constexpr uint32_t kMostCharacters = 8000;
constexpr uint32_t kMostBytes = 30'000;

std::string sized(std::string_view name, uint64_t size) { return fmt::format("{}({})", name, size); }

std::string fractional(std::string_view name, const Column& column) {
  return column.fraction_digits == 0 ? std::string(name) : sized(name, column.fraction_digits);
}

// In a definition, which takes no introducer; of a session in utf8mb4 in which backslashes escape.
std::string text(std::string_view value) {
  std::string quoted = "'";
  for (char c : value) quoted.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return quoted + '\'';
}

std::string members(std::string_view name, const Column& column) {
  if (column.members.empty()) return "longtext";
  std::string list;
  for (const std::string& member : column.members) list += (list.empty() ? "" : ",") + text(member);
  return fmt::format("{}({})", name, list);
}

// Types of texts grow with the bytes that a character takes in UTF-8.
bool grows(const Column& column) { return !column.charset.starts_with("utf8") && column.charset != "ascii"; }

class MysqlSpelling final : public mirror::Spelling {
 public:
  std::string type(const Column& column, bool in_key) const override;
  std::string literal(const Column& column, const std::string* given) const override;
  void begin(const Table& table) override {
    plan_ = &plans_.of(table, [&] { return std::make_unique<sql::Plan>(share(table)); });
  }
  void value(Bytes& out, const Cell& cell, uint32_t column) override;
  std::string_view comma() const override { return ","; }
  void match(Bytes& out, const Cell& cell, uint32_t column) override;
  std::string_view conjunction() const override { return " AND "; }
  bool met_invalid_text() override { return texts_.met_invalid(); }
  bool keyed() const override { return true; }
  std::unique_ptr<mirror::Spelling> clone() const override { return std::make_unique<MysqlSpelling>(); }

 private:
  void json(Bytes& out, std::string_view document);

  PlanCache<sql::Plan> plans_;
  sql::Plan* plan_ = nullptr;
  sql::Literals literals_;
  mirror::Texts texts_;
  Bytes scratch_;
};

std::string MysqlSpelling::type(const Column& column, bool) const {
  std::string sign = column.is_unsigned ? " unsigned" : "";
  switch (column.type) {
    case ColumnType::TinyInt: return "tinyint" + sign;
    case ColumnType::SmallInt: return "smallint" + sign;
    case ColumnType::MediumInt: return "mediumint" + sign;
    case ColumnType::Int: return "int" + sign;
    case ColumnType::BigInt: return "bigint" + sign;
    case ColumnType::Float: return "float";
    case ColumnType::Double: return "double";
    case ColumnType::Decimal: return fmt::format("decimal({},{})", column.precision, column.scale);
    case ColumnType::Bit: return sized("bit", column.length == 0 ? 64 : column.length);
    case ColumnType::Year: return "year";
    case ColumnType::Date: return "date";
    case ColumnType::Time: return fractional("time", column);
    case ColumnType::DateTime: return fractional("datetime", column);
    case ColumnType::Timestamp: return fractional("timestamp", column);
    case ColumnType::Char:
      return column.length == 0 || column.length > 255 ? "longtext" : sized("char", column.length);
    case ColumnType::VarChar:
      return column.length == 0 || column.length > kMostCharacters ? "longtext"
                                                                   : sized("varchar", column.length);
    case ColumnType::TinyText: return grows(column) ? "text" : "tinytext";
    case ColumnType::Text: return grows(column) ? "mediumtext" : "text";
    case ColumnType::MediumText: return grows(column) ? "longtext" : "mediumtext";
    case ColumnType::LongText: return "longtext";
    case ColumnType::Binary: return column.length > 255 ? "longblob" : sized("binary", column.length);
    case ColumnType::VarBinary:
      return column.length == 0 || column.length > kMostBytes ? "longblob"
                                                              : sized("varbinary", column.length);
    case ColumnType::TinyBlob: return "tinyblob";
    case ColumnType::Blob: return "blob";
    case ColumnType::MediumBlob: return "mediumblob";
    case ColumnType::Enum: return members("enum", column);
    case ColumnType::Set: return members("set", column);
    case ColumnType::Json: return "json";
    case ColumnType::Geometry: return "geometry";
    case ColumnType::Uuid: return "char(36)";
    case ColumnType::Inet4: return "varchar(15)";
    case ColumnType::Inet6: return "varchar(45)";
    default: return "longblob";
  }
}

// The server fills a column that is NOT NULL by itself, with what it takes for nothing.
std::string MysqlSpelling::literal(const Column& column, const std::string* given) const {
  if (!given) return "NOT NULL";
  return "NULL DEFAULT " + (column.type == ColumnType::Bit ? *given : text(*given));
}

// As text, but where a document holds what JSON itself has not: decimals, times and bytes, each marked by
// this byte.
void MysqlSpelling::json(Bytes& out, std::string_view document) {
  constexpr char kOpaque = 0x0f;
  if (document.find(kOpaque) != std::string_view::npos) {
    char* at = out.reserve(json_binary_bound(document.size()) + kSlack);
    if (char* end = spell_json_sql(at, document)) return out.commit(end);
  }
  scratch_.clear();
  char* at = scratch_.reserve(json_binary_bound(document.size()) + kSlack + Arena::kReadSlack);
  scratch_.commit(spell_json_binary_or_marker(at, document, JsonSpacing::Server));
  scratch_.reserve(Arena::kReadSlack);
  out.commit(spell_sql_text(out.reserve(sql_text_bound(scratch_.size()) + kSlack), scratch_.view()));
}

void MysqlSpelling::value(Bytes& out, const Cell& cell, uint32_t column) {
  if (cell.kind == Kind::Text) {
    std::string_view text = texts_.of(cell);
    return out.commit(spell_sql_text(out.reserve(sql_text_bound(text.size()) + kSlack), text));
  }
  if (cell.kind == Kind::Json) return json(out, cell.bytes());
  literals_.append(out, cell, plan_->columns[column]);
}

// A text as it was written, where it had bytes that its character set does not know.
void MysqlSpelling::match(Bytes& out, const Cell& cell, uint32_t column) {
  Cell kept = cell;
  if (cell.kind == Kind::Text) {
    std::string_view text = texts_.of(cell);
    kept.data = text.data();
    kept.size = static_cast<uint32_t>(text.size());
  }
  literals_.append_exact(out, kept, plan_->columns[column]);
}

}  // namespace

std::unique_ptr<mirror::Spelling> make_spelling() { return std::make_unique<MysqlSpelling>(); }

}  // namespace sluice::mysql

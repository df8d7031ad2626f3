#include "wire/mysql/schema_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "wire/mysql/ddl.h"
#include "wire/mysql/sql_reader.h"

namespace sluice::mysql {
namespace {

constexpr size_t npos = std::string_view::npos;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Bytes at which a statement may end or something begins in which it cannot.
std::array<bool, 256> stops_for(std::string_view delimiter) {
  std::array<bool, 256> stops{};
  for (char c : std::string_view("'\"`#-/")) stops[static_cast<unsigned char>(c)] = true;
  stops[static_cast<unsigned char>(delimiter.front())] = true;
  return stops;
}

// `10.11.6-MariaDB-log` is 101106, `8.0.36` is 80036; 0: it is none.
uint32_t version_number(std::string_view text) {
  uint32_t version = 0;
  for (int part = 0; part < 3; ++part) {
    uint32_t number = 0;
    auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    if (error != std::errc() || number > 99) return 0;
    version = version * 100 + number;
    text.remove_prefix(static_cast<size_t>(end - text.begin()));
    if (part < 2 && !text.starts_with('.')) return 0;
    if (part < 2) text.remove_prefix(1);
  }
  return version;
}

uint64_t mode_of(std::string_view names) {
  uint64_t mode = 0;
  while (!names.empty()) {
    std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    if (same_word(name, "ANSI_QUOTES") || same_word(name, "ANSI")) mode |= kModeAnsiQuotes;
    if (same_word(name, "NO_BACKSLASH_ESCAPES")) mode |= kModeNoBackslashEscapes;
    if (same_word(name, "ORACLE")) mode |= kModeOracle | kModeAnsiQuotes;
  }
  return mode;
}

class SchemaFile {
 public:
  SchemaFile(std::string_view sql, std::string_view origin, Catalogue& catalogue)
      : sql_(sql), origin_(origin), catalogue_(catalogue), stops_(stops_for(delimiter_)) {}

  Result<void> read();

 private:
  Result<void> skip_between();
  Result<void> skip_comment();
  bool take_delimiter();
  void read_head(std::string_view line);
  Result<size_t> find_end() const;
  Result<size_t> skip_quoted(size_t at) const;
  Result<void> apply(std::string_view statement);
  void read_set(SqlReader& in);
  bool at(std::string_view text) const { return sql_.substr(at_, text.size()) == text; }
  std::string_view line() const { return sql_.substr(at_, sql_.find('\n', at_) - at_); }
  std::string where(size_t offset) const {
    auto line = std::count(sql_.begin(), sql_.begin() + static_cast<ptrdiff_t>(offset), '\n') + 1;
    return fmt::format("{}:{}", origin_, line);
  }

  std::string_view sql_;
  std::string_view origin_;
  Catalogue& catalogue_;
  std::string delimiter_ = ";";
  std::array<bool, 256> stops_;
  size_t at_ = 0;
  DdlContext context_;
  bool found_ = false;  // a table
};

// What a dump says of itself in comments (MySQL client/mysqldump.cc, MariaDB client/mysqldump.cc,
// write_header).
void SchemaFile::read_head(std::string_view text) {
  constexpr std::string_view kDatabase = "Database: ";
  constexpr std::string_view kServer = "-- Server version";
  size_t database = text.find(kDatabase);
  if (text.starts_with("-- Host: ") && database != npos && context_.database.empty()) {
    context_.database = text.substr(database + kDatabase.size());
    while (!context_.database.empty() && is_space(context_.database.back())) context_.database.pop_back();
  }
  if (!text.starts_with(kServer)) return;
  text.remove_prefix(kServer.size());
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  context_.version = version_number(text);
  context_.flavor = text.find("MariaDB") != npos ? Flavor::MariaDb : Flavor::MySql;
}

Result<void> SchemaFile::skip_comment() {
  size_t end = sql_.find("*/", at_ + 2);
  if (end == npos) return usage("{}: the comment that begins here does not end", where(at_));
  at_ = end + 2;
  return {};
}

// White space, comments and DELIMITER lines before a statement.
Result<void> SchemaFile::skip_between() {
  for (;;) {
    if (at_ < sql_.size() && is_space(sql_[at_])) {
      ++at_;
    } else if (at("--") || at("#")) {
      read_head(line());
      at_ += line().size();
    } else if (at("/*") && (!(at("/*!") || at("/*M!")) || at("/*M!999999") || at("/*!999999"))) {
      SLUICE_TRY(skip_comment());
    } else if (!take_delimiter()) {
      return {};
    }
  }
}

// DELIMITER is a word of the client, ends with its line, and holds until the next one.
bool SchemaFile::take_delimiter() {
  constexpr std::string_view kWord = "DELIMITER";
  if (!same_word(sql_.substr(at_, kWord.size()), kWord)) return false;
  std::string_view rest = line().substr(kWord.size());
  size_t begin = rest.find_first_not_of(" \t");
  if (begin == 0 || begin == npos) return false;
  rest.remove_prefix(begin);
  delimiter_ = rest.substr(0, rest.find_first_of(" \t\r"));
  if (delimiter_.empty()) delimiter_ = ";";
  stops_ = stops_for(delimiter_);
  at_ += line().size();
  return true;
}

Result<size_t> SchemaFile::skip_quoted(size_t begin) const {
  char quote = sql_[begin];
  bool backslash = quote != '`' && !(context_.sql_mode & kModeNoBackslashEscapes);
  for (size_t i = begin + 1; i < sql_.size(); ++i) {
    char c = sql_[i];
    // A doubled quote ends one text and begins another, which comes to the same here.
    if (c == quote) return i + 1;
    if (c == '\\' && backslash) ++i;
  }
  return usage("{}: the quote {} that begins here does not end", where(begin), quote);
}

// Where the delimiter that ends the statement stands; the end of the text ends it too.
Result<size_t> SchemaFile::find_end() const {
  for (size_t i = at_; i < sql_.size();) {
    char c = sql_[i];
    if (!stops_[static_cast<unsigned char>(c)]) {
      ++i;
      continue;
    }
    std::string_view rest = sql_.substr(i);
    if (rest.starts_with(delimiter_)) return i;
    if (c == '\'' || c == '"' || c == '`') {
      SLUICE_ASSIGN(end, skip_quoted(i));
      i = end;
    } else if (c == '#' || (rest.starts_with("--") && (rest.size() == 2 || is_space(rest[2])))) {
      i = std::min(sql_.find('\n', i), sql_.size());
    } else if (rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!")) {
      i = std::min(sql_.find("*/", i + 2), sql_.size());
    } else {
      ++i;
    }
  }
  return sql_.size();
}

// SET … SQL_MODE='…' decides how quotes are read.
void SchemaFile::read_set(SqlReader& in) {
  while (!in.at_end()) {
    bool is_mode = in.take().is("SQL_MODE") && in.accept('=');
    if (!is_mode) continue;
    // Anything but a text is a variable in which the mode before the dump was kept.
    bool text = in.peek().kind == Token::Kind::Text;
    context_.sql_mode = text ? mode_of(in.value(in.take())) : 0;
  }
}

Result<void> SchemaFile::apply(std::string_view statement) {
  if (same_word(statement.substr(0, 6), "INSERT")) return {};  // nearly all of a dump
  SqlReader in(statement.substr(0, 4096), context_.sql_mode);
  if (in.accept("USE")) {
    auto name = in.name("a database name");
    if (!name) return usage("{}: {}", where(at_), name.error().what);
    context_.database = *name;
  } else if (in.accept("SET")) {
    read_set(in);
  }
  if (classify(statement) != StatementKind::Ddl) return {};
  DdlOutcome outcome = apply_ddl(statement, context_, catalogue_);
  if (outcome.understood) {
    found_ = found_ || !outcome.tables.empty();
    return {};
  }
  bool homeless = context_.database.empty() && outcome.tables.empty();
  return usage("{}: the statement that begins here is not understood: {}{}", where(at_), outcome.why,
               homeless ? ". Write USE name; above it, or name the tables as database.table" : "");
}

Result<void> SchemaFile::read() {
  if (sql_.starts_with("\xef\xbb\xbf")) at_ = 3;  // a byte order mark
  for (;;) {
    SLUICE_TRY(skip_between());
    if (at_ >= sql_.size()) break;
    SLUICE_ASSIGN(end, find_end());
    SLUICE_TRY(apply(sql_.substr(at_, end - at_)));
    at_ = std::min(end + delimiter_.size(), sql_.size());
  }
  if (!found_) return usage("{} holds no CREATE TABLE statement", origin_);
  return {};
}

}  // namespace

Result<void> read_schema(std::string_view sql, std::string_view origin, Catalogue& catalogue) {
  return SchemaFile(sql, origin, catalogue).read();
}

}  // namespace sluice::mysql

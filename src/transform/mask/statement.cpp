#include "transform/mask/statement.h"

#include <strings.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace sluice::mask {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is(std::string_view word, std::string_view upper) {
  return word.size() == upper.size() && ::strncasecmp(word.data(), upper.data(), word.size()) == 0;
}

// What stands in parentheses behind these is a length, a precision or digits of seconds.
constexpr std::string_view kTypes[] = {"BIT",
                                       "TINYINT",
                                       "SMALLINT",
                                       "MEDIUMINT",
                                       "INT",
                                       "INTEGER",
                                       "BIGINT",
                                       "FLOAT",
                                       "DOUBLE",
                                       "PRECISION",
                                       "REAL",
                                       "DECIMAL",
                                       "DEC",
                                       "NUMERIC",
                                       "FIXED",
                                       "NUMBER",
                                       "CHAR",
                                       "CHARACTER",
                                       "NCHAR",
                                       "VARCHAR",
                                       "VARCHAR2",
                                       "NVARCHAR",
                                       "VARYING",
                                       "VARCHARACTER",
                                       "BINARY",
                                       "VARBINARY",
                                       "TEXT",
                                       "BLOB",
                                       "TIME",
                                       "DATETIME",
                                       "TIMESTAMP",
                                       "YEAR",
                                       "VECTOR",
                                       "CURRENT_TIMESTAMP",
                                       "NOW",
                                       "LOCALTIME",
                                       "LOCALTIMESTAMP",
                                       "RAW",
                                       "INT1",
                                       "INT2",
                                       "INT3",
                                       "INT4",
                                       "INT8"};

class Blanker {
 public:
  // In character sets such as sjis a byte that looks like a quote may be half of a character, and the log
  // does not tell the set of the statement behind rows: what begins with a character that is none is left
  // out.
  Blanker(std::string_view sql, StatementKind kind, bool members, char* out)
      : sql_(sql.substr(0, find_invalid_utf8(sql))),
        ddl_(kind == StatementKind::Ddl),
        members_(members),
        begin_(out),
        out_(out) {}

  Blanked run() {
    while (at_ < sql_.size()) {
      size_t from = at_;
      char* out = out_;
      if (!step()) break;
      if (from < comment_ends_ && at_ > comment_ends_) {
        out_ = out;
        break;
      }
    }
    while (out_ > begin_ && (out_[-1] == ' ' || out_[-1] == '\n')) --out_;
    return {static_cast<size_t>(out_ - begin_), has_query_};
  }

 private:
  enum class Inside : uint8_t { Other, Type, Members };
  static constexpr size_t kMostDepth = 64;  // deeper ones keep nothing

  // False: what follows is left out.
  bool step() {
    char c = sql_[at_];
    std::string_view rest = sql_.substr(at_);
    if (static_cast<unsigned char>(c) <= ' ') return put(1);
    if (c == '#' || is_dash_comment(rest)) return skip_through("\n", 1);
    if (rest.starts_with("/*!") || rest.starts_with("/*M!")) return version_comment(rest);
    if (rest.starts_with("/*")) return skip_through("*/", 2);
    if (c == '`') return quoted_name();
    if (c == '\'' || c == '"') return text(c);
    if (is_digit(c) || (c == '.' && rest.size() > 1 && is_digit(rest[1]))) return number();
    if (in_word(c)) return word();
    if (c == '(') {
      if (depth_ < kMostDepth) inside_[depth_] = opens_;
      ++depth_;
    } else if (c == ')') {
      if (depth_ > 0) --depth_;
    }
    if (c != '=' && c != '+' && c != '-') clause_ = nullptr;
    opens_ = Inside::Other;
    return put(1);
  }

  static bool is_dash_comment(std::string_view rest) {
    return rest.starts_with("--") &&
           (rest.size() == 2 || static_cast<unsigned char>(rest[2]) <= ' ' || rest[2] == '\x7f');
  }

  bool put(size_t n) {
    std::memmove(out_, sql_.data() + at_, n);
    out_ += n;
    at_ += n;
    return true;
  }

  // What it begins with has `opening` bytes.
  bool skip_through(std::string_view mark, size_t opening) {
    size_t end = sql_.find(mark, at_ + opening);
    if (end == sql_.npos) return false;
    at_ = end + mark.size();
    *out_++ = ' ';
    return true;
  }

  // What is in it is read as any other part. For another server it is a comment, which ends at the first mark
  // of an end: where that stands within a text, a name or a comment, nobody can tell what follows.
  bool version_comment(std::string_view rest) {
    comment_ends_ = sql_.find("*/", at_ + 2);
    if (comment_ends_ == sql_.npos) return false;
    size_t size = rest.find('!') + 1;
    while (size < rest.size() && is_digit(rest[size])) ++size;
    return put(size);
  }

  bool quoted_name() {
    size_t end = at_;
    do {
      end = sql_.find('`', end + 1);
      if (end == sql_.npos) return false;
      ++end;
    } while (end < sql_.size() && sql_[end] == '`');
    clause_ = nullptr;
    opens_ = Inside::Type;
    return put(end - at_);
  }

  bool text(char quote) {
    size_t end = at_;
    do {
      end = sql_.find(quote, end + 1);
      if (end == sql_.npos) return false;
      ++end;
    } while (end < sql_.size() && sql_[end] == quote);
    if (sql_.substr(at_, end - at_).find('\\') != sql_.npos) return false;
    bool stays =
        ddl_ && members_ && depth_ > 0 && depth_ <= kMostDepth && inside_[depth_ - 1] == Inside::Members;
    if (stays) return put(end - at_);
    at_ = end;
    return literal("''");
  }

  bool number() {
    size_t end = at_;
    while (end < sql_.size() && (in_word(sql_[end]) || sql_[end] == '.')) ++end;
    bool stays = ddl_ && depth_ > 0 && depth_ <= kMostDepth && inside_[depth_ - 1] == Inside::Type;
    if (stays) return put(end - at_);
    at_ = end;
    return literal("0");
  }

  bool literal(std::string_view blank) {
    if (ddl_ && clause_) {
      out_ = clause_;
    } else {
      if (!ddl_) blank = "?";
      std::memcpy(out_, blank.data(), blank.size());
      out_ += blank.size();
    }
    clause_ = nullptr;
    opens_ = Inside::Other;
    return true;
  }

  bool word() {
    size_t end = at_;
    while (end < sql_.size() && in_word(sql_[end])) ++end;
    std::string_view word = sql_.substr(at_, end - at_);
    if (word.find("$$") != word.npos) return false;
    has_query_ |= is(word, "SELECT");
    bool literal_follows = word[0] == '_' || is(word, "X") || is(word, "B") || is(word, "N") ||
                           is(word, "DATE") || is(word, "TIME") || is(word, "TIMESTAMP");
    if (is(word, "DEFAULT") || is(word, "COMMENT")) {
      clause_ = out_;
    } else if (!literal_follows) {
      clause_ = nullptr;
    }
    bool type = std::any_of(std::begin(kTypes), std::end(kTypes), [&](auto each) { return is(word, each); });
    opens_ = type ? Inside::Type : is(word, "ENUM") || is(word, "SET") ? Inside::Members : Inside::Other;
    return put(end - at_);
  }

  std::string_view sql_;
  const bool ddl_, members_;
  char* const begin_;
  char* out_;
  size_t at_ = 0;
  size_t comment_ends_ = 0;         // of the last comment for some versions
  char* clause_ = nullptr;          // where a DEFAULT or COMMENT begins whose value comes next
  Inside opens_ = Inside::Other;    // what a parenthesis that comes next would hold
  Inside inside_[kMostDepth] = {};  // of the open ones
  size_t depth_ = 0;
  bool has_query_ = false;
};

}  // namespace

Blanked blank_statement(std::string_view sql, StatementKind kind, bool members, char* out) {
  return Blanker(sql, kind, members, out).run();
}

}  // namespace sluice::mask

#include "sink/clickhouse/server.h"

#include <algorithm>
#include <charconv>

#include "sink/clickhouse/column_type.h"

namespace sluice::clickhouse {
namespace {

// dbms/src/Common/ErrorCodes.cpp
constexpr int kTooManyParts = 252;
constexpr int kPassing[] = {kTooManyParts, 159, 160, 164, 202, 203, 209, 210, 225, 236, 241,
                            242,           243, 285, 319, 341, 394, 425, 439, 473, 999};
constexpr int kLogin[] = {192, 193, 194, 291, 492, 497, 516};
constexpr int kStructure[] = {10, 16, 33, 47, 60, 81};
constexpr int kRows[] = {6, 26, 27, 38, 41, 53, 69, 72, 117, 321, 349, 469};

template <size_t N>
bool among(const int (&codes)[N], int code) {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

std::string literal(std::string_view text) {
  std::string made = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') made += '\\';
    made += c;
  }
  return made + "'";
}

}  // namespace

Target Target::parse(std::string_view text) {
  size_t dot = text.find('.');
  if (dot == text.npos) return {"default", std::string(text)};
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::string Target::quoted() const { return quoted_name(database) + '.' + quoted_name(table); }

Version Version::parse(std::string_view text) {
  Version made;
  const char* end = text.data() + text.size();
  auto [rest, fault] = std::from_chars(text.data(), end, made.year);
  if (fault == std::errc() && rest < end && *rest == '.') std::from_chars(rest + 1, end, made.month);
  return made;
}

int code_of(std::string_view body) {
  constexpr std::string_view kBegin = "Code: ";
  int code = 0;
  if (body.starts_with(kBegin)) std::from_chars(body.data() + kBegin.size(), body.data() + body.size(), code);
  return code;
}

Verdict verdict_of(const HttpAnswer& answer) {
  if (answer.outcome == HttpAnswer::Outcome::Certificate || answer.outcome == HttpAnswer::Outcome::Address) {
    return Verdict::Login;
  }
  if (answer.outcome != HttpAnswer::Outcome::Answered) return Verdict::Passing;
  int code = code_of(answer.body);
  if (code == 0) {
    bool login = answer.status == 401 || answer.status == 403;
    bool passing = answer.status / 100 == 5 || answer.status == 408 || answer.status == 429;
    return login ? Verdict::Login : passing ? Verdict::Passing : Verdict::Other;
  }
  if (among(kPassing, code)) return Verdict::Passing;
  if (among(kLogin, code)) return Verdict::Login;
  if (among(kStructure, code)) return Verdict::Structure;
  return among(kRows, code) ? Verdict::Rows : Verdict::Other;
}

std::string url_escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string made;
  for (char c : text) {
    bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    if (plain) {
      made += c;
    } else {
      made += '%';
      made += kHex[static_cast<uint8_t>(c) >> 4];
      made += kHex[c & 15];
    }
  }
  return made;
}

Result<std::optional<std::string>> Server::ask(std::string_view query) {
  SLUICE_ASSIGN(answer, nodes_.ask({.path = "/", .headers = headers_, .body = query}));
  if (answer->outcome == HttpAnswer::Outcome::Answered && answer->status == 200) {
    if (answer->cut) return retryable("{}: the answer is longer than it can be", nodes_.told(0));
    return answer->body;
  }
  why_ = fmt::format("{:.200}: {}", query, nodes_.told(0));
  Verdict verdict = verdict_of(*answer);
  if (verdict == Verdict::Passing || verdict == Verdict::Login) return retryable("{}", why_);
  return std::nullopt;
}

Result<std::optional<Server::Table>> Server::describe(const Target& name) {
  std::string where = fmt::format(" WHERE database = {} AND ", literal(name.database));
  SLUICE_ASSIGN(
      told, ask(fmt::format("SELECT engine, sorting_key FROM system.tables{}name = {} FORMAT TabSeparated",
                            where, literal(name.table))));
  if (!told) return retryable("{}", why_);
  auto rows = parse_tsv(*told);
  if (rows.empty() || rows[0].size() != 2) return std::nullopt;
  Table made;
  made.engine = rows[0][0];
  made.sorting_key = rows[0][1];
  SLUICE_ASSIGN(
      columns, ask(fmt::format("SELECT name, type FROM system.columns{}table = {} FORMAT TabSeparated", where,
                               literal(name.table))));
  if (!columns) return retryable("{}", why_);
  for (const auto& row : parse_tsv(*columns)) {
    if (row.size() == 2) made.shape.columns.push_back({quoted_name(row[0]), row[1]});
  }
  return made;
}

}  // namespace sluice::clickhouse

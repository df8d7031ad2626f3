#include "net/http_head.h"

#include "base/ascii.h"

namespace sluice {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_line(std::string_view& text) {
  size_t end = text.find("\r\n");
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 2);
  return line;
}

}  // namespace

tl::expected<HttpHead, std::string> HttpHead::read(std::string_view head) {
  auto wrong = [](std::string why) { return tl::unexpected(std::move(why)); };
  std::string_view line = take_line(head);
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last || !line.substr(last + 1).starts_with("HTTP/1.")) {
    return wrong("this is no request of HTTP/1.1");
  }
  HttpHead read{.method = line.substr(0, first), .target = line.substr(first + 1, last - first - 1)};
  if (!read.target.starts_with('/')) return wrong("the target of the request is no path");
  bool old = line.ends_with("/1.0");
  while (!(line = take_line(head)).empty()) {
    size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return wrong("a header without a colon");
    read.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  read.keeps_alive = !old && !read.lists("connection", "close");
  return read;
}

std::optional<std::string_view> HttpHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_word(key, name)) return value;
  }
  return std::nullopt;
}

bool HttpHead::lists(std::string_view name, std::string_view word) const {
  std::string_view list = header(name).value_or("");
  for (;;) {
    size_t comma = list.find(',');
    if (same_word(trimmed(list.substr(0, comma)), word)) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace sluice

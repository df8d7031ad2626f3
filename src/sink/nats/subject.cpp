#include "sink/nats/subject.h"

#include <algorithm>

namespace sluice::nats {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";
// The whole line of a message may have 4,096 bytes (max_control_line).
constexpr size_t kMostSubject = 2048;

bool is_plain(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7F && c != '.' && c != '*' && c != '>' && c != '%';
}

}  // namespace

void escape_token(Bytes& out, size_t begin) {
  std::string_view name = out.view().substr(begin);
  if (name.empty()) return out.push('%');
  if (std::all_of(name.begin(), name.end(), is_plain)) return;
  std::string spelt;
  for (char c : name) {
    if (is_plain(c)) {
      spelt += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      spelt.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  out.truncate(begin);
  out.append(spelt);
}

void escape_subject(std::string_view name, std::string& out) {
  out = name;
  if (name.starts_with('$')) out.replace(0, 1, "%24");
}

std::string_view fault_of(std::string_view subject) {
  if (subject.size() > kMostSubject) return "is longer than 2048 bytes";
  if (subject.empty() || subject.front() == '.' || subject.back() == '.' ||
      subject.find("..") != subject.npos) {
    return "has a token without a character between full stops";
  }
  bool broken = std::any_of(subject.begin(), subject.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '*' || c == '>';
  });
  return broken ? "has white space, a control character or a wildcard in it" : "";
}

std::string wildcard_of(std::string_view text) {
  std::string made, token;
  bool filled = false;  // a place is in the token
  auto end_token = [&] {
    made += filled ? "*" : token;
    token.clear();
    filled = false;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    bool doubled = (c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c;
    if (c == '{' && !doubled) {
      filled = true;
      at = std::min(text.find('}', at), text.size());
    } else if (c == '.') {
      end_token();
      made += c;
    } else {
      token += c;
      at += doubled;
    }
  }
  end_token();
  return made;
}

}  // namespace sluice::nats

#include "net/http_client.h"

namespace sluice {
namespace {

// RFC 9110, section 5.6.2: what a token is made of.
bool is_token(char c) {
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

}  // namespace

bool is_header_name(std::string_view name) {
  for (char c : name) {
    if (!is_token(c)) return false;
  }
  return !name.empty();
}

void append_header_name(Bytes& out, std::string_view name) {
  for (char c : name) out.push(is_token(c) ? c : '-');
}

void append_header_value(Bytes& out, std::string_view value) {
  constexpr char kHex[] = "0123456789ABCDEF";
  char* at = out.reserve(3 * value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    auto byte = static_cast<unsigned char>(value[i]);
    bool at_end = i == 0 || i + 1 == value.size();
    if (byte > ' ' - (at_end ? 0 : 1) && byte < 0x7f && byte != '%') {
      *at++ = value[i];
    } else {
      *at++ = '%';
      *at++ = kHex[byte >> 4];
      *at++ = kHex[byte & 15];
    }
  }
  out.commit(at);
}

void HttpHeaders::clear() {
  text_.clear();
  begins_.clear();
}

Bytes& HttpHeaders::begin(std::string_view name) {
  begins_.push_back(text_.size());
  text_.append(name);
  text_.append(": ");
  return text_;
}

void HttpHeaders::end_value(size_t begin) {
  // Libcurl takes a header without a value for one to leave out, and this for an empty one.
  if (text_.size() == begin) {
    text_.truncate(begin - 2);
    text_.push(';');
  }
  end();
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
  size_t start = begin(name).size();
  text_.append(value);
  end_value(start);
}

void HttpHeaders::add_escaped(std::string_view name, std::string_view value) {
  begins_.push_back(text_.size());
  append_header_name(text_, name);
  text_.append(": ");
  size_t start = text_.size();
  append_header_value(text_, value);
  end_value(start);
}

}  // namespace sluice

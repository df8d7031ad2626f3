#include "sink/http/body.h"

#include <charconv>
#include <cstring>

#include "base/hash.h"

namespace sluice::http {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

// What a value of JSON can begin with.
bool begins_json(std::string_view value) {
  return !value.empty() && value[0] != '\0' && std::strchr("{[\"-0123456789tfn", value[0]) != nullptr;
}

void append_number(Bytes& out, uint64_t number) {
  char* at = out.reserve(24);
  out.commit(std::to_chars(at, at + 24, number).ptr);
}

void append_id(Bytes& out, const Delivery& delivery, size_t message) {
  auto index = delivery.messages[message].change;
  const Change& change = delivery.batch.changes[index];
  append_header_value(out, delivery.batch.transactions[change.transaction].id);
  out.push('#');
  append_number(out, change.index);
  auto same = [&](size_t other) {
    return other < delivery.messages.size() && delivery.messages[other].change == index;
  };
  if (!same(message + 1) && !(message > 0 && same(message - 1))) return;
  out.push('/');
  auto hash = static_cast<uint32_t>(murmur2(delivery.value(message)));
  char* at = out.reserve(8);
  for (int shift = 28; shift >= 0; shift -= 4) *at++ = kHex[hash >> shift & 15];
  out.commit(at);
}

}  // namespace

void append_form_text(Bytes& out, std::string_view text) {
  char* at = out.reserve(3 * text.size());
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (is_plain(c)) {
      *at++ = c;
    } else if (c == ' ') {
      *at++ = '+';
    } else {
      *at++ = '%';
      *at++ = kHex[byte >> 4];
      *at++ = kHex[byte & 15];
    }
  }
  out.commit(at);
}

void escape_in_url(Bytes& out, size_t begin) {
  size_t more = 0;
  for (char c : out.view().substr(begin)) more += is_plain(c) || c == '~' ? 0 : 2;
  if (more == 0) return;
  out.reserve(more);
  char* from = out.data() + out.size();
  char* to = from + more;
  out.commit(to);
  while (from != to) {  // from the end on, so that nothing is written over that is still to be read
    char c = *--from;
    if (is_plain(c) || c == '~') {
      *--to = c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    *--to = kHex[byte & 15];
    *--to = kHex[byte >> 4];
    *--to = '%';
  }
}

Result<void> append_message(Bytes& out, BodyKind kind, std::string_view value, size_t before) {
  switch (kind) {
    case BodyKind::Change: break;
    case BodyKind::Form:
      out.append("event_data=");
      append_form_text(out, value);
      return {};
    case BodyKind::Array:
      if (!begins_json(value)) {
        return fatal(
            "body: array needs a format whose messages are JSON, which '{}' is not; use body: change",
            value.substr(0, 20));
      }
      out.push(before == 0 ? '[' : ',');
      break;
    case BodyKind::Ndjson:
      if (value.find('\n') != value.npos) {
        return fatal("body: ndjson needs a format whose messages are one line each; use body: change");
      }
      break;
  }
  out.append(value);
  if (kind == BodyKind::Ndjson) out.push('\n');
  return {};
}

void end_body(Bytes& out, const HttpOptions& options) {
  if (options.body == BodyKind::Array) out.push(']');
  if (options.body == BodyKind::Form && !options.form_data.empty()) {
    out.append("&data=");
    out.append(options.form_data);
  }
}

std::string_view content_type(const HttpOptions& options, std::string_view body) {
  if (!options.content_type.empty()) return options.content_type;
  switch (options.body) {
    case BodyKind::Form: return "application/x-www-form-urlencoded";
    case BodyKind::Array: return "application/json";
    case BodyKind::Ndjson: return "application/x-ndjson";
    case BodyKind::Change: break;
  }
  bool json = body.starts_with('{') || body.starts_with('[');
  return json ? "application/json" : "application/octet-stream";
}

void append_idempotency_key(Bytes& out, const Delivery& delivery, std::span<const uint32_t> messages) {
  append_id(out, delivery, messages.front());
  if (messages.size() == 1) return;
  out.append("..");
  append_id(out, delivery, messages.back());
  out.push('/');
  append_number(out, messages.size());
}

}  // namespace sluice::http

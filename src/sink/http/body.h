// What requests hold: bodies of one message or several, and the key that a repeat is known by.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "sink/http/options.h"
#include "sink/sink.h"

namespace sluice::http {

// application/x-www-form-urlencoded: a space becomes a plus, all but letters, digits and -_. a percent
// escape.
void append_form_text(Bytes& out, std::string_view text);
// For a part of a URL: all but letters, digits and -_.~ becomes a percent escape. Changes `out` from `begin`
// on.
void escape_in_url(Bytes& out, size_t begin);

// Appends a message to a body that has `before` of them already. Fatal where the body cannot hold it.
Result<void> append_message(Bytes& out, BodyKind kind, std::string_view value, size_t before);
// Behind the last message.
void end_body(Bytes& out, const HttpOptions& options);
std::string_view content_type(const HttpOptions& options, std::string_view body);

// The value of Idempotency-Key: a change's id, `FIRST..LAST/COUNT` of several. Where a change has several
// messages, each has the hash of its value behind the id.
void append_idempotency_key(Bytes& out, const Delivery& delivery, std::span<const uint32_t> messages);

}  // namespace sluice::http

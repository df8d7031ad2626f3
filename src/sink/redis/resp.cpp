#include "sink/redis/resp.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

void append_size(Bytes& out, char mark, size_t size) {
  char* at = out.reserve(24);
  *at++ = mark;
  at = std::to_chars(at, at + 20, size).ptr;
  *at++ = '\r';
  *at++ = '\n';
  out.commit(at);
}

std::string text_of(const redisReply& reply) { return {reply.str, static_cast<size_t>(reply.len)}; }

}  // namespace

void begin_command(Bytes& out, size_t words) { append_size(out, '*', words); }

void append_word(Bytes& out, std::string_view word) {
  append_size(out, '$', word.size());
  out.append(word);
  out.append("\r\n");
}

void append_number(Bytes& out, uint64_t number) {
  char digits[20];
  append_word(out, {digits, static_cast<size_t>(std::to_chars(digits, digits + 20, number).ptr - digits)});
}

void append_command(Bytes& out, std::span<const std::string_view> words) {
  begin_command(out, words.size());
  for (std::string_view word : words) append_word(out, word);
}

RespReader::RespReader() : reader_(redisReaderCreate(), redisReaderFree) {}

void RespReader::feed(std::string_view bytes) { redisReaderFeed(reader_.get(), bytes.data(), bytes.size()); }

Result<std::optional<RespAnswer>> RespReader::next() {
  void* made = nullptr;
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    return retryable("the answer is no RESP: {}", reader_->errstr);
  }
  if (!made) return std::nullopt;
  std::unique_ptr<redisReply, void (*)(void*)> reply(static_cast<redisReply*>(made), freeReplyObject);
  RespAnswer answer;
  if (reply->type == REDIS_REPLY_ERROR) answer.error = text_of(*reply);
  if (reply->type == REDIS_REPLY_STRING) answer.text = text_of(*reply);
  if (reply->type == REDIS_REPLY_INTEGER) answer.number = reply->integer;
  if (reply->type != REDIS_REPLY_ARRAY) return answer;
  if (reply->elements > 0 && reply->element[0]->type == REDIS_REPLY_STRING)
    answer.text = text_of(*reply->element[0]);
  answer.elements = reply->elements;
  for (size_t i = 0; i < reply->elements; ++i) {
    if (reply->element[i]->type == REDIS_REPLY_ERROR)
      answer.errors.emplace_back(i, text_of(*reply->element[i]));
  }
  return answer;
}

bool is_passing(std::string_view error) {
  constexpr std::string_view kPassing[] = {"OOM",         "LOADING",   "BUSY",       "READONLY", "MASTERDOWN",
                                           "CLUSTERDOWN", "TRYAGAIN",  "NOREPLICAS", "MISCONF",  "NOAUTH",
                                           "NOPERM",      "UNBLOCKED", "NOSCRIPT"};
  return std::any_of(std::begin(kPassing), std::end(kPassing),
                     [&](std::string_view word) { return error.starts_with(word); });
}

}  // namespace sluice

#include "sink/nats/frame_reader.h"

#include <algorithm>
#include <charconv>

namespace sluice::nats {
namespace {

// An INFO names every server of a cluster; answers of JetStream are shorter still.
constexpr size_t kMostLine = 256 << 10;
constexpr size_t kMostKept = 256 << 10;
constexpr size_t kMostShown = 80;

Failure no_nats(std::string_view line) {
  std::string shown(line.substr(0, kMostShown));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return retryable("what it says is no NATS: '{}'", shown);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& line) {
  line = trimmed(line);
  size_t end = std::min(line.find_first_of(" \t"), line.size());
  std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

bool parse_size(std::string_view word, size_t most, size_t& size) {
  auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), size);
  return fault == std::errc() && end == word.data() + word.size() && size <= most;
}

}  // namespace

void FrameReader::feed(std::string_view bytes) {
  if (at_ > 0) {
    Bytes rest;
    rest.append(in_.view().substr(at_));
    if (rest.empty()) {
      in_.clear();
      in_.shrink(kMostKept);
    } else {
      in_.swap(rest);
    }
    seen_ -= std::min(seen_, at_);
    at_ = 0;
  }
  in_.append(bytes);
}

Result<std::optional<Frame>> FrameReader::next() {
  size_t end = in_.view().find("\r\n", std::max(at_, seen_));
  if (end == std::string_view::npos) {
    seen_ = std::max(at_, in_.size() - std::min<size_t>(in_.size(), 1));
    if (pending() > kMostLine) return no_nats(in_.view().substr(at_));
    return std::nullopt;
  }
  std::string_view line = in_.view().substr(at_, end - at_), rest = line;
  if (line.size() > kMostLine) return no_nats(line);
  std::string_view word = take_word(rest);
  if (word == "MSG" || word == "HMSG") {
    seen_ = end;
    return message(rest, end + 2, word == "HMSG");
  }
  Frame frame{};
  frame.text = trimmed(rest);
  if (word == "INFO") {
    frame.what = Frame::What::Info;
  } else if (word == "PING") {
    frame.what = Frame::What::Ping;
  } else if (word == "PONG") {
    frame.what = Frame::What::Pong;
  } else if (word == "+OK") {
    frame.what = Frame::What::Ok;
  } else if (word == "-ERR") {
    frame.what = Frame::What::Error;
    bool quoted = frame.text.size() >= 2 && frame.text.front() == '\'' && frame.text.back() == '\'';
    if (quoted) frame.text = frame.text.substr(1, frame.text.size() - 2);
  } else {
    return no_nats(line);
  }
  at_ = seen_ = end + 2;
  return frame;
}

// MSG subject sid [reply] size; HMSG subject sid [reply] size-of-headers size-of-all
Result<std::optional<Frame>> FrameReader::message(std::string_view line, size_t begin, bool with_headers) {
  std::string_view words[5];
  size_t count = 0;
  for (std::string_view rest = line; !trimmed(rest).empty(); ++count) {
    if (count == 5) return no_nats(line);
    words[count] = take_word(rest);
  }
  const size_t sizes = with_headers ? 2 : 1;
  size_t all = 0, headers = 0;
  bool good = (count == 2 + sizes || count == 3 + sizes) &&
              parse_size(words[count - 1], most_message_, all) &&
              (!with_headers || parse_size(words[count - 2], most_message_, headers)) && headers <= all;
  if (!good) return no_nats(line);
  if (in_.size() - begin < all + 2) return std::nullopt;
  if (in_.view().substr(begin + all, 2) != "\r\n") return no_nats(line);
  Frame frame{.what = Frame::What::Message, .text = {}, .subject = words[0], .headers = {}, .body = {}};
  frame.headers = in_.view().substr(begin, headers);
  frame.body = in_.view().substr(begin + headers, all - headers);
  at_ = seen_ = begin + all + 2;
  return frame;
}

}  // namespace sluice::nats

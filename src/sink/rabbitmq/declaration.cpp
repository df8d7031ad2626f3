#include "sink/rabbitmq/declaration.h"

#include <amqp.h>
#include <amqp_framing.h>

#include <charconv>
#include <span>

#include "sink/rabbitmq/channel.h"

namespace sluice::rabbitmq {
namespace {

constexpr size_t kMostName = 255;        // a short string's size (AMQP 0-9-1, 4.2.5.3)
constexpr size_t kMostArguments = 3000;  // bytes, so that a method fits into the least frame

struct Word {
  std::string text;
  size_t assigned = std::string::npos;  // where its first bare `=` stands
  bool quoted = false;                  // the value behind it, or all of it, stood in quotes
};

// Words with spaces between them; quotes, ' or ", keep spaces within one.
Result<std::vector<Word>> split(std::string_view line) {
  std::vector<Word> words;
  for (size_t i = 0; i < line.size();) {
    if (line[i] == ' ' || line[i] == '\t') {
      ++i;
      continue;
    }
    Word word;
    while (i < line.size() && line[i] != ' ' && line[i] != '\t') {
      char c = line[i++];
      if (c == '\'' || c == '"') {
        size_t end = line.find(c, i);
        if (end == line.npos) return usage("'{}': the quote {} is not closed", line, c);
        word.text.append(line.substr(i, end - i));
        word.quoted = true;
        i = end + 1;
        continue;
      }
      if (c == '=' && word.assigned == std::string::npos) word.assigned = word.text.size();
      word.text.push_back(c);
    }
    words.push_back(std::move(word));
  }
  return words;
}

Declaration::Value value_of(std::string_view text, bool quoted) {
  if (quoted) return std::string(text);
  if (text == "true" || text == "false") return text == "true";
  int64_t number;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc() && end == text.data() + text.size()) return number;
  return std::string(text);
}

Result<void> read_rest(std::string_view line, std::span<const Word> words, Declaration& made) {
  size_t bytes = 0;
  for (const Word& word : words) {
    bool flags = made.what != Declaration::What::Binding;
    if (flags && word.text == "transient") {
      made.durable = false;
    } else if (flags && word.text == "auto_delete") {
      made.auto_delete = true;
    } else if (word.assigned != std::string::npos && word.assigned > 0 && word.assigned <= kMostName) {
      std::string_view text = word.text;
      made.arguments.emplace_back(text.substr(0, word.assigned),
                                  value_of(text.substr(word.assigned + 1), word.quoted));
      bytes += text.size() + 16;
    } else {
      return usage("'{}': '{}' is not known; expected {}an argument such as x-message-ttl=10000", line,
                   word.text, flags ? "transient, auto_delete or " : "");
    }
  }
  if (bytes > kMostArguments)
    return usage("'{}': its arguments take more than {} bytes", line, kMostArguments);
  return {};
}

amqp_bytes_t bytes_of(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }

// `room` holds what the table points at.
amqp_table_t table_of(const Declaration& declaration, std::vector<amqp_table_entry_t>& room) {
  for (const auto& [name, value] : declaration.arguments) {
    amqp_table_entry_t entry{.key = bytes_of(name), .value = {}};
    if (const bool* yes = std::get_if<bool>(&value)) {
      entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
      entry.value.value.boolean = *yes;
    } else if (const int64_t* number = std::get_if<int64_t>(&value)) {
      entry.value.kind = AMQP_FIELD_KIND_I64;
      entry.value.value.i64 = *number;
    } else {
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = bytes_of(std::get<std::string>(value));
    }
    room.push_back(entry);
  }
  return {static_cast<int>(room.size()), room.data()};
}

}  // namespace

Result<Declaration> Declaration::parse(std::string_view line) {
  SLUICE_ASSIGN(words, split(line));
  auto is = [&](size_t i, std::string_view text) { return i < words.size() && words[i].text == text; };
  for (const Word& word : words) {
    if (word.assigned == std::string::npos && word.text.size() > kMostName) {
      return usage("'{}': '{}' is longer than {} bytes", line, word.text, kMostName);
    }
  }
  Declaration made{};
  size_t known = 2;
  if (is(0, "exchange") && words.size() >= 3) {
    made.what = What::Exchange;
    made.type = words[known++].text;
    bool fits = made.type == "direct" || made.type == "fanout" || made.type == "topic" ||
                made.type == "headers" || made.type.starts_with("x-");
    if (!fits) {
      return usage(
          "'{}': '{}' is no type of exchanges; expected direct, fanout, topic, headers, or x-... of a plugin",
          line, made.type);
    }
  } else if (is(0, "queue") && words.size() >= 2) {
    made.what = What::Queue;
  } else if (is(0, "bind") && is(2, "to") && words.size() >= 4) {
    made.what = What::Binding;
    made.exchange = words[3].text;
    known = 4;
    if (is(4, "by") && words.size() == 5) return usage("'{}': a routing key is expected behind by", line);
    if (is(4, "by")) {
      made.key = words[5].text;
      known = 6;
    }
  } else {
    return usage(
        "'{}': expected exchange NAME TYPE, queue NAME, or bind QUEUE to EXCHANGE by KEY, and arguments "
        "behind",
        line);
  }
  made.name = words[1].text;
  if (made.name.empty()) return usage("'{}': a name is expected behind {}", line, words[0].text);
  SLUICE_TRY(read_rest(line, std::span(words).subspan(known), made));
  return made;
}

Result<void> declare(Channel& channel, const Declaration& declaration) {
  std::vector<amqp_table_entry_t> room;
  amqp_table_t arguments = table_of(declaration, room);
  amqp_bytes_t name = bytes_of(declaration.name);
  switch (declaration.what) {
    case Declaration::What::Exchange: {
      amqp_exchange_declare_t method{.exchange = name,
                                     .type = bytes_of(declaration.type),
                                     .durable = declaration.durable,
                                     .auto_delete = declaration.auto_delete,
                                     .arguments = arguments};
      return channel.ask(AMQP_EXCHANGE_DECLARE_METHOD, &method, AMQP_EXCHANGE_DECLARE_OK_METHOD,
                         fmt::format("declaring the exchange '{}' at", declaration.name));
    }
    case Declaration::What::Queue: {
      amqp_queue_declare_t method{.queue = name,
                                  .durable = declaration.durable,
                                  .auto_delete = declaration.auto_delete,
                                  .arguments = arguments};
      return channel.ask(AMQP_QUEUE_DECLARE_METHOD, &method, AMQP_QUEUE_DECLARE_OK_METHOD,
                         fmt::format("declaring the queue '{}' at", declaration.name));
    }
    case Declaration::What::Binding: break;
  }
  amqp_queue_bind_t method{.queue = name,
                           .exchange = bytes_of(declaration.exchange),
                           .routing_key = bytes_of(declaration.key),
                           .arguments = arguments};
  return channel.ask(
      AMQP_QUEUE_BIND_METHOD, &method, AMQP_QUEUE_BIND_OK_METHOD,
      fmt::format("binding the queue '{}' to the exchange '{}' at", declaration.name, declaration.exchange));
}

Result<void> expect_exchange(Channel& channel, const std::string& name) {
  // Of what is there already the type does not matter (RabbitMQ's exchange.declare, passive).
  amqp_exchange_declare_t method{
      .exchange = bytes_of(name), .type = {6, const_cast<char*>("direct")}, .passive = true};
  return channel.ask(AMQP_EXCHANGE_DECLARE_METHOD, &method, AMQP_EXCHANGE_DECLARE_OK_METHOD,
                     fmt::format("looking for the exchange '{}' at", name));
}

}  // namespace sluice::rabbitmq

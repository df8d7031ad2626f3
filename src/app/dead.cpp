// dead: shows the changes that a target refused and those that wait behind them; has them tried again, or
// drops them. It looks into the state folder, whether its pipeline runs or not, and asks the pipeline that
// runs.
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <thread>

#include "app/control.h"
#include "app/json_object.h"
#include "app/running.h"
#include "app/terminal.h"
#include "app/time_text.h"
#include "app/verbs.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/one_line.h"
#include "base/utf8.h"
#include "pipeline/packed.h"
#include "state/sqlite/sqlite_state.h"

namespace sluice::app {
namespace {

constexpr std::chrono::milliseconds kLook{50};  // how often a retry looks for what became of it

constexpr Option kOptions[] = {
    {"sink", OptionKind::Text, "", "of this sink alone", {}, false, "NAME"},
    {"json", OptionKind::Boolean, "", "a line of JSON for each message"},
    {"all", OptionKind::Boolean, "", "for drop: all of them, instead of naming each"},
    {"timeout", OptionKind::Duration, "10s", "for retry: how long to wait for what becomes of it"},
};
constexpr OptionGroup kGroups[] = {{"Options", [] { return std::span<const Option>(kOptions); }}};
constexpr Argument kArguments[] = {
    {"ACTION", "list, show, retry or drop [list]"},
    {"FILE", "the configuration, or the state folder itself [sluice.yaml]"},
    {"ID", "the messages, as list numbers them; of retry none: all that were refused", false, true}};
constexpr Example kExamples[] = {
    {"sluice dead list", "what is parked, and why"},
    {"sluice dead show sluice.yaml 17", "one message in full"},
    {"sluice dead retry sluice.yaml --sink orders",
     "once the target takes them: in order, with what waits behind"},
    {"sluice dead drop ./shop-state 17 18", "give them up; what waits behind them goes on"}};

struct Wish {
  std::string action = "list";
  std::string place = "sluice.yaml";
  std::vector<uint64_t> ids;
};

// The ids, where all of the words are.
bool take_ids(std::span<const std::string> words, std::vector<uint64_t>& ids) {
  ids.clear();
  for (const std::string& word : words) {
    uint64_t id = 0;
    auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (fault != std::errc() || end != word.data() + word.size()) return false;
    ids.push_back(id);
  }
  return true;
}

// Every word may be left out: a number is an id, unless it stands where a file or folder of that name is.
Result<Wish> request_of(const Invocation& invocation) {
  constexpr std::string_view kActions[] = {"list", "show", "retry", "drop"};
  Wish request;
  std::span<const std::string> words = invocation.arguments;
  if (!words.empty() && std::find(std::begin(kActions), std::end(kActions), words[0]) != std::end(kActions)) {
    request.action = words[0];
    words = words.subspan(1);
  }
  struct stat facts;
  bool place = !words.empty() && (::stat(words[0].c_str(), &facts) == 0 || !take_ids(words, request.ids));
  if (place) {
    request.place = words[0];
    words = words.subspan(1);
  }
  if (!take_ids(words, request.ids)) {
    return usage("expected the ids of parked messages behind {}, as 'sluice dead list' shows them",
                 request.place);
  }
  const Settings& options = invocation.group("Options");
  bool all = options.boolean("all");
  if (request.action == "show" && request.ids.empty()) return usage("show: expected the id of a message");
  if (request.action == "drop" && request.ids.empty() != all) {
    return usage("drop: expected the ids of messages, or --all; what is dropped is gone");
  }
  if (request.action != "drop" && all) return usage("--all goes with 'drop' alone");
  if (request.action == "list" && !request.ids.empty()) return usage("list takes no ids; see show");
  return request;
}

JsonObject facts_of(const ParkedMessage& message) {
  JsonObject json;
  json.number("id", message.id).text("sink", message.lane).text("change", message.change);
  json.text("table", message.table).text("key", message.key).text("destination", message.destination);
  json.text("since", utc_text(message.since_us)).text("position", describe(message.place));
  json.number("bytes", message.bytes).boolean("asked", message.asked);
  return json.text("state", message.reason.empty() ? "waits" : "refused").text("reason", message.reason);
}

std::string line_of(const ParkedMessage& message) {
  std::string why = message.reason.empty() ? "waits behind an earlier one" : "refused: " + message.reason;
  return on_one_line(fmt::format("{:>6}  {}  {}  {}{}{}  {}{}", message.id, message.lane,
                                 utc_text(message.since_us), message.table,
                                 message.key.empty() ? "" : " " + message.key,
                                 message.destination.empty() ? "" : " to " + message.destination, why,
                                 message.asked ? " (to be tried again)" : "")) +
         "\n";
}

Result<int> list(const std::string& folder, const std::string& sink, bool json) {
  std::string out;
  uint64_t count = 0, bytes = 0;
  SLUICE_TRY(read_sqlite_park(folder, sink, [&](const ParkedMessage& message) {
    ++count;
    bytes += message.bytes;
    out += json ? facts_of(message).str() + "\n" : line_of(message);
  }));
  if (!json) {
    out += count == 0 ? "nothing is parked\n" : fmt::format("{} messages, {} bytes\n", count, bytes);
  }
  SLUICE_TRY(print(out));
  return 0;
}

std::string base64_of(std::string_view bytes) {
  std::string text(base64_size(bytes.size()), '\0');
  base64_encode(text.data(), bytes);
  return text;
}

Result<std::string> in_full(const ParkedMessage& message, bool json) {
  Unpacked unpacked;
  auto read = unpacked.append(message.message);
  if (!read) return while_doing(fmt::format("cannot read the parked message {}", message.id), read.error());
  Delivery delivery = unpacked.delivery(0);
  std::string_view value = delivery.value(0);
  bool text = is_utf8(value);
  if (json) {
    JsonObject all = facts_of(message);
    all.boolean("tombstone", delivery.messages[0].no_value);
    if (delivery.outbox && delivery.address(0).keyed) all.text("message_key", delivery.key(0));
    all.text(text ? "value" : "value_base64", text ? std::string(value) : base64_of(value));
    return all.str() + "\n";
  }
  std::string out = line_of(message);
  out += fmt::format("change {}, at {}\n", message.change, describe(message.place));
  if (delivery.outbox) {
    if (delivery.address(0).keyed) out += fmt::format("key {}\n", delivery.key(0));
    delivery.headers(0, [&](std::string_view name, std::string_view header) {
      out += fmt::format("header {}: {}\n", name, header);
    });
  }
  if (delivery.messages[0].no_value) return out + "a tombstone, without a value\n";
  return out + (text ? std::string(value) : "base64 " + base64_of(value)) + "\n";
}

Result<int> show(const std::string& folder, const std::vector<uint64_t>& ids, bool json) {
  for (uint64_t id : ids) {
    SLUICE_ASSIGN(found, read_sqlite_parked(folder, id));
    if (!found) return usage("no message {} is parked in {}", id, folder);
    SLUICE_ASSIGN(text, in_full(*found, json));
    SLUICE_TRY(print(text));
  }
  return 0;
}

// Of the process that runs. Nothing: none does.
Result<bool> ask_running(const std::string& folder, const Request& request) {
  SLUICE_ASSIGN(answer, ask_control(folder, request));
  if (answer.empty()) return false;
  constexpr std::string_view kError = R"({"error":)";
  if (answer.starts_with(kError)) return fatal("the pipeline answers: {}", answer);
  return true;
}

// Every id must be there before anything is done.
Result<std::set<uint64_t>> ids_of(const std::string& folder, const std::string& sink,
                                  const std::vector<uint64_t>& ids, bool refused_alone) {
  std::set<uint64_t> there;
  SLUICE_TRY(read_sqlite_park(folder, sink, [&](const ParkedMessage& message) {
    if (!refused_alone || !message.reason.empty() || !ids.empty()) there.insert(message.id);
  }));
  for (uint64_t id : ids) {
    if (!there.contains(id)) {
      return usage("no message {} is parked in {}{}", id, folder,
                   sink.empty() ? "" : " for the sink " + sink);
    }
  }
  return ids.empty() ? there : std::set<uint64_t>(ids.begin(), ids.end());
}

Result<int> await_retry(const std::string& folder, const std::string& sink, const std::set<uint64_t>& ids,
                        std::chrono::milliseconds timeout) {
  for (SteadyTime begin = steady_now();;) {
    size_t waiting = 0, left = 0;
    std::string reason;
    SLUICE_TRY(read_sqlite_park(folder, sink, [&](const ParkedMessage& message) {
      if (!ids.contains(message.id)) return;
      ++left;
      waiting += message.asked;
      if (reason.empty()) reason = message.reason;
    }));
    bool late = steady_now() - begin > timeout;
    if (waiting == 0 || late) {
      std::string text = fmt::format("{} of {} are delivered", ids.size() - left, ids.size());
      if (waiting > 0) text += fmt::format(", {} are still to be tried", waiting);
      if (left > waiting)
        text +=
            fmt::format(", {} stay: {}", left - waiting, reason.empty() ? "they wait behind others" : reason);
      SLUICE_TRY(print(text + "\n"));
      return left == 0 ? 0 : 1;
    }
    std::this_thread::sleep_for(kLook);
  }
}

Result<int> retry(const std::string& folder, const std::string& sink, const Wish& request,
                  std::chrono::milliseconds timeout) {
  SLUICE_ASSIGN(ids, ids_of(folder, sink, request.ids, true));
  if (ids.empty()) {
    SLUICE_TRY(print("nothing is parked\n"));
    return 0;
  }
  SLUICE_ASSIGN(running, ask_running(folder, {"retry", sink, request.ids}));
  if (running) return await_retry(folder, sink, ids, timeout);
  SLUICE_ASSIGN(state, open_sqlite_state(folder));
  SLUICE_ASSIGN(count, state->park()->ask_parked(sink, request.ids));
  SLUICE_TRY(
      print(fmt::format("nothing runs in {}: {} messages will be tried at the next start\n", folder, count)));
  return 0;
}

Result<int> drop(const std::string& folder, const std::string& sink, const Wish& request) {
  SLUICE_ASSIGN(ids, ids_of(folder, sink, request.ids, false));
  SLUICE_ASSIGN(running, ask_running(folder, {"drop", sink, request.ids}));
  if (!running) {
    SLUICE_ASSIGN(state, open_sqlite_state(folder));
    SLUICE_TRY(state->park()->drop_parked(sink, request.ids));
  }
  SLUICE_TRY(print(fmt::format("dropped {} messages\n", ids.size())));
  return 0;
}

Result<int> run(const Invocation& invocation) {
  SLUICE_ASSIGN(request, request_of(invocation));
  SLUICE_ASSIGN(folder, state_folder(request.place));
  const Settings& options = invocation.group("Options");
  std::string sink = options.text("sink");
  if (request.action == "list") return list(folder, sink, options.boolean("json"));
  if (request.action == "show") return show(folder, request.ids, options.boolean("json"));
  if (request.action == "drop") return drop(folder, sink, request);
  return retry(folder, sink, request, options.duration("timeout"));
}

}  // namespace

const Command dead_command = {"dead",
                              "show, retry or drop the changes that a target refused",
                              "With on_refusal: park, a message that the target will never take is kept in "
                              "the state folder, and the later "
                              "changes of its row wait behind it, while all others flow. list tells which "
                              "and why, show shows one in full, "
                              "retry has them tried again, in order, with what waits behind; drop gives them "
                              "up.\n\nA pipeline that runs "
                              "does it itself between two transactions; without one, retry is for the next "
                              "start. The exit code of retry "
                              "is 0 when all that was asked for is delivered, and 1 when something stays.",
                              kArguments,
                              kGroups,
                              kExamples,
                              run};

}  // namespace sluice::app

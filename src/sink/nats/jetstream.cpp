#include "sink/nats/jetstream.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "sink/nats/ack.h"
#include "sink/nats/connection.h"

namespace sluice::nats {
namespace {

using Json = nlohmann::json;

// What JetStream said, as JSON, or with `code` why it did not do it.
struct Reply {
  Json json;
  int code = 0;
  std::string reason;
};

Result<Reply> ask(Connection& connection, const std::string& call, const Json& request,
                  std::string_view doing) {
  SLUICE_ASSIGN(answer,
                connection.ask("$JS.API.STREAM." + call, request.is_null() ? "" : request.dump(), doing));
  Reply reply;
  if (answer.headers.starts_with("NATS/1.0 503")) {
    reply.code = Ack::kNotEnabled;
  } else {
    has_error(answer.body, reply.code, reply.reason);
  }
  if (reply.code == Ack::kNotEnabled || reply.code == Ack::kNotEnabledForAccount) {
    return fatal(
        "{} {}: JetStream is not enabled there{}; start the server with -js, or with jetstream in its "
        "configuration "
        "and for this account",
        doing, connection.describe(), reply.code == Ack::kNotEnabledForAccount ? " for this account" : "");
  }
  reply.json = Json::parse(answer.body, nullptr, false);
  return reply;
}

Failure not_done(const Reply& reply, std::string_view doing, const Connection& connection) {
  std::string words = fmt::format("{} {}: {} ({})", doing, connection.describe(), reply.reason, reply.code);
  // server/errors.json: a cluster that is without a leader for now.
  bool passing = reply.code >= 10008 && reply.code <= 10010;
  return passing ? retryable("{}", words) : fatal("{}", words);
}

Result<void> create(Connection& connection, const StreamPlan& plan) {
  using std::chrono::nanoseconds;
  std::string doing = fmt::format("creating the stream '{}' at", plan.name);
  Json config = {{"name", plan.name},
                 {"subjects", plan.subjects},
                 {"retention", "limits"},
                 {"storage", plan.storage},
                 {"discard", plan.discard},
                 {"num_replicas", plan.replicas},
                 {"max_consumers", -1},
                 {"max_msgs", plan.most_messages == 0 ? Json(-1) : Json(plan.most_messages)},
                 {"max_bytes", plan.most_bytes == 0 ? Json(-1) : Json(plan.most_bytes)},
                 {"max_age", nanoseconds(plan.most_age).count()}};
  if (plan.duplicates.count() > 0) config["duplicate_window"] = nanoseconds(plan.duplicates).count();
  SLUICE_ASSIGN(reply, ask(connection, "CREATE." + plan.name, config, doing));
  if (reply.code != 0) return not_done(reply, doing, connection);
  log::info("created the stream {}", plan.name);
  return {};
}

// The stream of this name, made if it is to be.
Result<void> expect_named(Connection& connection, const StreamPlan& plan) {
  std::string doing = fmt::format("looking for the stream '{}' at", plan.name);
  SLUICE_ASSIGN(reply, ask(connection, "INFO." + plan.name, nullptr, doing));
  if (reply.code == Ack::kNoSuchStream) {
    if (plan.create) return create(connection, plan);
    return fatal("{} {}: there is none; create it, or have it created with create_stream: true", doing,
                 connection.describe());
  }
  if (reply.code != 0) return not_done(reply, doing, connection);
  const Json& config = reply.json.contains("config") ? reply.json["config"] : Json();
  auto has = [&](const char* name) { return config.is_object() && config.contains(name); };
  if (has("no_ack") && config["no_ack"] == true) {
    return fatal(
        "the stream '{}' at {} acknowledges nothing (no_ack); only what it acknowledges is known to be kept",
        plan.name, connection.describe());
  }
  if (has("discard") && config["discard"] == "new" && has("max_bytes") && config["max_bytes"] != -1) {
    log::warning(
        "the stream {} has max_bytes and refuses new messages there: NATS may drop its oldest message all "
        "the "
        "same; bound it by max_msgs where none is to be lost",
        plan.name);
  }
  return {};
}

}  // namespace

Result<void> expect_stream(Connection& connection, const StreamPlan& plan, const std::string& subjects) {
  if (!plan.name.empty()) SLUICE_TRY(expect_named(connection, plan));
  std::string doing = fmt::format("looking for a stream that keeps '{}' at", subjects);
  SLUICE_ASSIGN(reply, ask(connection, "NAMES", Json{{"subject", subjects}}, doing));
  if (reply.code != 0) return not_done(reply, doing, connection);
  std::vector<std::string> names;
  if (reply.json.contains("streams") && reply.json["streams"].is_array()) {
    for (const Json& each : reply.json["streams"]) {
      if (each.is_string()) names.push_back(each.get<std::string>());
    }
  }
  bool other = !plan.name.empty() && std::find(names.begin(), names.end(), plan.name) == names.end();
  if (!names.empty() && !other) return {};
  return fatal("no stream{} at {} keeps the subjects '{}'; add them to a stream, or name others in to{}",
               other ? fmt::format(" '{}'", plan.name) : "", connection.describe(), subjects,
               plan.name.empty() ? ", or have one created with stream: NAME and create_stream: true" : "");
}

}  // namespace sluice::nats

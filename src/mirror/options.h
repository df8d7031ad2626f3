// The options that all mirrors have.
#pragma once

#include "base/option.h"
#include "mirror/encoder.h"
#include "mirror/mirror.h"
#include "net/timeout_option.h"

namespace sluice::mirror {

constexpr Option kDdl = {
    "ddl", OptionKind::Choice, "apply",
    "schema changes of mirrored tables: carry them out at the target too, pass over them, or refuse "
    "them, which stops the sink",
    "apply|ignore|stop"};
constexpr Option kKeyless = {"keyless", OptionKind::Choice, "refuse",
                             "rows of tables without a primary key: refuse them, append those that are "
                             "inserted, or find the others by "
                             "the values of all columns, which reads the whole table",
                             "refuse|append|match"};
constexpr Option kCreate = {"create", OptionKind::Boolean, "true", "make the tables that are not there"};
constexpr Option kInvalidText = {
    "invalid_text", OptionKind::Choice, "replace",
    "bytes that their character set does not know: put U+FFFD in their place, or refuse the row",
    "replace|refuse"};
constexpr Option kCheckpoint = {
    "checkpoint",
    OptionKind::Text,
    "",
    "under which name the table sluice_checkpoint keeps how far the target has come; none: "
    "those of the pipeline and the sink, with a slash between them",
    {},
    false,
    "NAME"};

// Of servers.
constexpr Option kTimeout =
    timeout_option("2m", "how long the server may take to answer; a table may be changed for longer");

// Of targets that let several write at once.
constexpr Option kConnections = {
    "connections",
    OptionKind::Integer,
    "1",
    "how many write at once, each the rows of other keys; with several, a transaction of the source "
    "is several at the target, and a further connection keeps the checkpoint",
    {},
    false,
    {},
    1,
    64};

inline EncoderOptions encoder_options(const Settings& settings) {
  std::string ddl = settings.text("ddl"), keyless = settings.text("keyless");
  return {.ddl = ddl == "apply"  ? OnDdl::Apply
                 : ddl == "stop" ? OnDdl::Stop
                                 : OnDdl::Ignore,
          .keyless = keyless == "append"  ? Keyless::Append
                     : keyless == "match" ? Keyless::Match
                                          : Keyless::Refuse,
          .refuse_invalid_text = settings.text("invalid_text") == "refuse"};
}

inline MirrorOptions mirror_options(const Settings& settings) {
  std::string checkpoint = settings.text("checkpoint");
  return {.checkpoint = checkpoint.empty() ? "sluice" : checkpoint, .create = settings.boolean("create")};
}

// `make`: returns a new target each time, and is told whether there are several.
template <class Make>
std::unique_ptr<Sink> make_mirror(const Settings& settings, Make make) {
  const uint64_t connections = settings.integer("connections");
  std::vector<std::unique_ptr<Target>> others;
  while (connections > 1 && others.size() < connections) others.push_back(make(true));
  return std::make_unique<Mirror>(make(connections > 1), mirror_options(settings), std::move(others));
}

}  // namespace sluice::mirror

// The options that all mirrors have.
#pragma once

#include "base/option.h"
#include "mirror/encoder.h"
#include "mirror/mirror.h"

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

}  // namespace sluice::mirror

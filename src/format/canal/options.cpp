#include "format/canal/options.h"

namespace sluice::canal {
namespace {

constexpr Option kOptions[] = {
    {"flat_message", OptionKind::Boolean, "true",
     "flat JSON objects, or protobuf Packets of Entries (canal.mq.flatMessage)"},
    {"strict", OptionKind::Boolean, "false",
     "spell values as canal itself does, its oddities with them: ENUM and SET as numbers, TIMESTAMP in the "
     "zone of this process, sqlType by the value"},
    {"framed", OptionKind::Boolean, "false",
     "each Packet behind its size in four bytes, the highest first, as canal's server sends it"},
    {"transaction_entries", OptionKind::Boolean, "false",
     "of Packets: also the entries TRANSACTIONBEGIN and TRANSACTIONEND "
     "(canal.instance.filter.transaction.entry=false)"},
};

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Options read_options(const Settings& settings) {
  Options options;
  options.flat = settings.boolean("flat_message");
  options.strict = settings.boolean("strict");
  options.framed = settings.boolean("framed");
  options.transaction_entries = settings.boolean("transaction_entries");
  return options;
}

}  // namespace sluice::canal

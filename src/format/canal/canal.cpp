// The messages of Alibaba's canal (docs/formats/canal.md).
#include "format/canal/flat.h"
#include "format/canal/options.h"
#include "format/canal/packet.h"

namespace sluice {

extern const FormatType canal_format;
const FormatType canal_format{
    "canal", "canal's messages: flat JSON or protobuf, one for the rows of an event", canal::option_table(),
    [](const Settings& settings) -> Result<std::unique_ptr<Encoder>> {
      canal::Options options = canal::read_options(settings);
      return options.flat ? canal::make_flat(options) : canal::make_packets(options);
    }};

}  // namespace sluice

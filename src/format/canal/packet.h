// Packets: what canal sends where its messages are not flat (canal.mq.flatMessage=false), and to its own
// clients: a Packet of type MESSAGES whose body holds Entries (CanalProtocol.proto, EntryProtocol.proto).
#pragma once

#include <memory>

#include "format/canal/options.h"
#include "format/encoder.h"

namespace sluice::canal {

std::unique_ptr<Encoder> make_packets(const Options& options);

}  // namespace sluice::canal

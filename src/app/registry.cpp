#include "app/registry.h"

namespace sluice {

#define SINK(name) extern const SinkType name##_sink;
#include "sink/sinks.def"
#undef SINK
#define FORMAT(name) extern const FormatType name##_format;
#include "format/formats.def"
#undef FORMAT

namespace app {
namespace {

constexpr const SinkType* kSinks[] = {
#define SINK(name) &name##_sink,
#include "sink/sinks.def"
#undef SINK
};

constexpr const FormatType* kFormats[] = {
#define FORMAT(name) &name##_format,
#include "format/formats.def"
#undef FORMAT
};

// Each name has a `|` before it; the first one is cut off below.
constexpr std::string_view kSinkNames =
#define SINK(name) "|" #name
#include "sink/sinks.def"
#undef SINK
    ;

constexpr std::string_view kFormatNames =
#define FORMAT(name) "|" #name
#include "format/formats.def"
#undef FORMAT
    ;

template <class Type>
const Type* find(std::span<const Type* const> types, std::string_view name) {
  for (const Type* type : types) {
    if (type->name == name) return type;
  }
  return nullptr;
}

}  // namespace

std::span<const SinkType* const> sinks() { return kSinks; }
std::span<const FormatType* const> formats() { return kFormats; }
const SinkType* find_sink(std::string_view name) { return find(sinks(), name); }
const FormatType* find_format(std::string_view name) { return find(formats(), name); }
std::string_view sink_names() { return kSinkNames.substr(1); }
std::string_view format_names() { return kFormatNames.substr(1); }

}  // namespace app
}  // namespace sluice

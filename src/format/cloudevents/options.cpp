#include "format/cloudevents/options.h"

namespace sluice::cloudevents {
namespace {

constexpr Option kOptions[] = {
    {"mode", OptionKind::Choice, "structured",
     "structured: one JSON object; binary: its attributes are headers and the message is the data, for "
     "targets "
     "with headers",
     "structured|binary"},
    {"binding", OptionKind::Choice, "kafka", "how headers are named: ce_id for Kafka, ce-id for HTTP",
     "kafka|http"},
    {"name", OptionKind::Text, "", "the source attribute, a URI or a part of one"},
    {"type", OptionKind::Text, "sluice.change",
     "what the type attribute begins with, before .insert and its like"},
};

bool is_uri_character(char c) {
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=%";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != kMarks.npos;
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

std::string attribute(std::string_view text, bool uri) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<uint8_t>(text[i]);
    // U+0080 to U+009F are control characters, too: C2 and one of 80 to 9F.
    auto before = i > 0 ? static_cast<uint8_t>(text[i - 1]) : 0;
    auto behind = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : 0;
    bool control = byte < 0x20 || byte == 0x7f || (byte == 0xc2 && behind >= 0x80 && behind < 0xa0) ||
                   (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
    if (uri ? is_uri_character(text[i]) : !control) {
      result += text[i];
    } else {
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

Result<Options> read_options(const Settings& settings) {
  Options options;
  options.binary = settings.text("mode") == "binary";
  options.http = settings.text("binding") == "http";
  options.source = attribute(settings.text("name"), true);
  if (options.source.empty()) options.source = "sluice";
  options.type = attribute(settings.text("type"), false);
  if (options.type.empty()) return usage("{}: a type must begin with something", settings.where("type"));
  return options;
}

}  // namespace sluice::cloudevents

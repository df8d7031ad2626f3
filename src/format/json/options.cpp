#include "format/json/options.h"

namespace sluice::json {
namespace {

constexpr Option kOptions[] = {
    {"with", OptionKind::List, "",
     "also show source (server, file, position, GTID), tx (id, index, last), query (the statement)"},
    {"name", OptionKind::Text, "", "what source.name says"},
    {"layout", OptionKind::Choice, "nested",
     "nested: the row before and the row behind, each an object; flat: the columns beside the fields; "
     "changed: "
     "of an update only what it changed",
     "nested|flat|changed"},
    {"prefix", OptionKind::Text, "_", "what the fields' names begin with in the flat layout"},
    {"names", OptionKind::Choice, "snake_case", "how the fields' names are written", "snake_case|camelCase"},
    {"nulls", OptionKind::Choice, "keep", "whether columns that are null are shown", "keep|omit"},
    {"big_integers", OptionKind::Choice, "number",
     "how integers beyond 2^53 are written, of which readers that hold numbers as doubles lose digits",
     "number|string"},
};

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<Options> read_options(const Settings& settings) {
  Options options;
  options.name = settings.text("name");
  for (const std::string& part : settings.list("with")) {
    if (part == "source")
      options.source = true;
    else if (part == "tx")
      options.tx = true;
    else if (part == "query")
      options.query = true;
    else
      return usage("{}: '{}' is not known; with takes source, tx and query", settings.where("with"), part);
  }
  std::string layout = settings.text("layout");
  options.layout = layout == "flat" ? Layout::Flat : layout == "changed" ? Layout::Changed : Layout::Nested;
  if (settings.given("prefix") && options.layout != Layout::Flat) {
    return usage("{}: only the flat layout has a prefix; set layout: flat, or leave it out",
                 settings.where("prefix"));
  }
  options.prefix = options.layout == Layout::Flat ? settings.text("prefix") : "";
  options.camel_case = settings.text("names") == "camelCase";
  options.nulls = settings.text("nulls") == "keep";
  options.big_as_text = settings.text("big_integers") == "string";
  return options;
}

}  // namespace sluice::json

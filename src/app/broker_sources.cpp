#include "app/broker_sources.h"

#include <algorithm>
#include <set>

#include "app/config.h"
#include "app/yaml_section.h"
#include "model/selection.h"

namespace sluice::app {
namespace {

constexpr Option kConfig[] = {
    {"SyncAll", OptionKind::Boolean, "false", "whether no Sources means all tables"},
    {"BlackList", OptionKind::List, "", "schema.table that are never wanted"},
};
constexpr Option kSource[] = {{"Schema", OptionKind::Text, "", "the database", {}, true}};
constexpr Option kTable[] = {
    {"Table", OptionKind::Text, "", "the table, or a regular expression", {}, true},
    {"Topic", OptionKind::Text, "", "where its changes go"},
    {"Key", OptionKind::Text, "", "the column whose value is the key"},
};

// As binlogbroker tells a regular expression from a name.
bool is_regex(std::string_view name) { return name.find_first_of("^$.*+?|()[]{}\\") != name.npos; }

std::string quoted(std::string_view name) {
  std::string regex;
  for (char c : name) {
    if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c)) && c != '_') {
      regex += '\\';
    }
    regex += c;
  }
  return regex;
}

// Braces are no places of a template here.
std::string literal(std::string_view text) {
  std::string made;
  for (char c : text) made.append(c == '{' || c == '}' ? 2 : 1, c);
  return made;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : document_(text, path) {}

  Result<BrokerSources> read() {
    if (document_.root()) {
      auto inner = document_.root()->section("SourceConfig", false);
      read_config(inner ? *inner : *document_.root());
    }
    std::vector<std::string> mistakes = document_.mistakes();
    if (mistakes.empty()) return std::move(made_);
    std::string all;
    for (const std::string& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake;
    return usage("{}", all);
  }

 private:
  void read_config(const YamlSection& section) {
    Settings config(kConfig);
    section.read({&config}, {"Sources"}, true);
    std::vector<YamlSection> sources = section.list("Sources");
    if (sources.empty() && !config.boolean("SyncAll") && document_.mistake_count() == 0) {
      document_.mistake(
          usage("{}: expected Sources, or SyncAll: true for all tables", section.where()).value());
    }
    for (const YamlSection& source : sources) read_source(source);
    std::vector<std::string> black = config.list("BlackList");
    for (const std::string& name : black) made_.tables.push_back("!" + name);
    // Where it says only what is not wanted, a Selection begins with everything else.
  }

  void read_source(const YamlSection& section) {
    Settings source(kSource);
    section.read({&source}, {"Tables"});
    std::string schema = source.text("Schema");
    if (source.given("Schema") && schema.empty()) {
      document_.mistake(usage("{}: Schema is empty", source.where("Schema")).value());
    }
    std::vector<YamlSection> tables = section.list("Tables");
    if (tables.empty()) made_.tables.push_back(pattern(schema, "(?s:.*)"));
    for (const YamlSection& table : tables) read_table(table, schema);
  }

  static std::string pattern(const std::string& schema, const std::string& table) {
    return "/" + quoted(schema) + "/./" + table + "/";
  }

  void read_table(const YamlSection& section, const std::string& schema) {
    Settings table(kTable);
    section.read({&table});
    std::string name = table.text("Table"), topic = table.text("Topic"), key = table.text("Key");
    auto mistake = [&](std::string_view option, std::string_view what) {
      document_.mistake(usage("{}: {}", table.where(option), what).value());
    };
    if (!table.given("Table")) return;
    if (name.empty()) return mistake("Table", "Table is empty");
    if (!seen_.insert(schema + "." + name).second) {
      return mistake("Table", fmt::format("{}.{} is here a second time", schema, name));
    }
    if (topic.empty() != key.empty()) {
      return mistake("Table", fmt::format("{}.{} has {}; Topic and Key belong together", schema, name,
                                          topic.empty() ? "a Key and no Topic" : "a Topic and no Key"));
    }
    // MySQL's RLIKE, with which binlogbroker looks for it, finds it anywhere in the name, in any case.
    std::string regex = is_regex(name) ? "(?s:.*)(?i:" + name + ")(?s:.*)" : quoted(name);
    if (auto good = Selection::parse(std::vector{"/" + name + "/"}); is_regex(name) && !good) {
      return mistake("Table", good.error().what);
    }
    made_.tables.push_back(pattern(schema, regex));
    if (!topic.empty()) made_.rules.push_back({made_.tables.back(), literal(topic), "{column:" + key + "}"});
  }

  YamlDocument document_;
  BrokerSources made_;
  std::set<std::string> seen_;
};

}  // namespace

Result<BrokerSources> read_broker_sources(const std::string& path) {
  SLUICE_ASSIGN(text, read_file(path));
  // JSON may be indented by tabs, YAML, as which it is read, may not.
  std::replace(text.begin(), text.end(), '\t', ' ');
  return Reader(text, path).read();
}

}  // namespace sluice::app
